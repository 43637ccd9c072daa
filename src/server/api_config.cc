#include <fmt/format.h>

#include "base/text.h"
#include "server/json_config.h"
#include "server/params.h"
#include "server/reply.h"
#include "server/routes.h"

namespace tocsin::server {

namespace {

using net::Request;
using net::Respond;

constexpr size_t kPublishBodyMax = 8u << 20;
constexpr size_t kFilesMax = 1000;
constexpr size_t kFileBytesMax = 1u << 20;
constexpr size_t kAuthorBytesMax = 200;
constexpr size_t kReasonBytesMax = 2000;
constexpr size_t kHashBytesMax = 64;

struct Signature {
  std::string author, reason, base_hash;
};

// Whoever came with a token is its name: nobody signs for another.
Result<Signature> read_signature(const Request& request, const Body& body, bool base_required) {
  Signature out;
  auto author = request.user.empty() ? body.required_text("author", kAuthorBytesMax)
                                     : Result<std::string>(request.user);
  if (!author) return fail(author.error());
  auto reason = body.required_text("reason", kReasonBytesMax);
  if (!reason) return fail(reason.error());
  auto base = base_required ? body.required_text("base_hash", kHashBytesMax)
                            : body.text("base_hash", kHashBytesMax);
  if (!base) return fail(base.error());
  out = {std::move(*author), std::move(*reason), std::move(*base)};
  return out;
}

Result<ConfigFileChanges> read_files(const Body& body) {
  return body.required_text_map("files", kFilesMax, kFileBytesMax);
}

// A publication that did not happen has a status of its own; what it says is the same shape.
net::Response published_response(const ConfigPublished& view) {
  JsonWriter json;
  write_config_published(json, view);
  net::Response out = json_response(json);
  if (view.conflict)
    out.status = 409;
  else if (!view.problems.empty())
    out.status = 400;
  return out;
}

void check(ConfigDesk& desk, const Request& request, Respond respond) {
  const auto body = Body::parse(request.body, kPublishBodyMax);
  if (!body) return respond(error_response(body.error()));
  auto files = read_files(*body);
  if (!files) return respond(error_response(files.error()));
  desk.check(std::move(*files), reply<ConfigCheckView>(std::move(respond), write_config_check));
}

void publish(ConfigDesk& desk, const Request& request, Respond respond) {
  const auto body = Body::parse(request.body, kPublishBodyMax);
  if (!body) return respond(error_response(body.error()));
  auto files = read_files(*body);
  if (!files) return respond(error_response(files.error()));
  auto signature = read_signature(request, *body, true);
  if (!signature) return respond(error_response(signature.error()));
  desk.publish({std::move(*files), std::move(signature->author), std::move(signature->reason),
                std::move(signature->base_hash)},
               [respond = std::move(respond)](Result<ConfigPublished> result) {
                 respond(result ? published_response(*result) : error_response(result.error()));
               });
}

std::optional<int64_t> version_param(const Request& request) {
  const auto id = parse_int(request.param("id"));
  return id && *id > 0 ? id : std::nullopt;
}

void one_version(ConfigDesk& desk, const Request& request, Respond respond) {
  const std::string what = "version " + std::string(request.param("id"));
  const auto id = version_param(request);
  if (!id) return respond(missing_response(what));
  desk.version(
      *id, reply_found<ConfigVersionView>(std::move(respond), what,
                                          [](JsonWriter& json, const ConfigVersionView& version) {
                                            write_config_version(json, version, true);
                                          }));
}

void revert(ConfigDesk& desk, const Request& request, Respond respond) {
  const std::string what = "version " + std::string(request.param("id"));
  const auto id = version_param(request);
  if (!id) return respond(missing_response(what));
  const auto body = Body::parse(request.body);
  if (!body) return respond(error_response(body.error()));
  auto signature = read_signature(request, *body, false);
  if (!signature) return respond(error_response(signature.error()));
  desk.revert({*id, std::move(signature->author), std::move(signature->reason),
               std::move(signature->base_hash)},
              [respond = std::move(respond), what](Result<std::optional<ConfigPublished>> result) {
                if (!result) return respond(error_response(result.error()));
                if (!*result) return respond(missing_response(what));
                respond(published_response(**result));
              });
}

void list(ConfigDesk& desk, const Request& request, Respond respond) {
  const auto limit = limit_param(request, 50, 500);
  if (!limit) return respond(error_response(limit.error()));
  desk.history(
      *limit, reply_list<ConfigVersionView>(std::move(respond), "versions",
                                            [](JsonWriter& json, const ConfigVersionView& version) {
                                              write_config_version(json, version, false);
                                            }));
}

}  // namespace

void register_config_routes(net::Router& router, ConfigDesk& desk) {
  router.add("GET", "/api/v1/config", [&desk](Request&&, Respond respond) {
    desk.files(reply<ConfigFilesView>(std::move(respond), write_config_files));
  });
  router.add("POST", "/api/v1/config/check", [&desk](Request&& request, Respond respond) {
    check(desk, request, std::move(respond));
  });
  router.add("POST", "/api/v1/config/publish", [&desk](Request&& request, Respond respond) {
    publish(desk, request, std::move(respond));
  });
  router.add("GET", "/api/v1/config/history", [&desk](Request&& request, Respond respond) {
    list(desk, request, std::move(respond));
  });
  router.add("GET", "/api/v1/config/history/:id", [&desk](Request&& request, Respond respond) {
    one_version(desk, request, std::move(respond));
  });
  router.add(
      "POST", "/api/v1/config/history/:id/revert",
      [&desk](Request&& request, Respond respond) { revert(desk, request, std::move(respond)); });
}

}  // namespace tocsin::server
