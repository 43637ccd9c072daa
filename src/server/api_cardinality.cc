#include <fmt/format.h>

#include "server/json_cardinality.h"
#include "server/params.h"
#include "server/reply.h"
#include "server/routes.h"

namespace tocsin::server {
namespace {

constexpr size_t kRows = 20;
constexpr size_t kRowsMax = 100;
constexpr size_t kFilterBytesMax = 1024;

Result<std::string> filter_param(const net::Request& request, std::string_view name) {
  const std::string_view text = request.query.get(name);
  if (text.size() > kFilterBytesMax)
    return fail(ErrorCode::kInvalid, fmt::format("{}: {} bytes are more than the {} that a name "
                                                 "may have here",
                                                 name, text.size(), kFilterBytesMax));
  return std::string(text);
}

void show(Views& views, const net::Request& request, net::Respond respond) {
  const auto limit = limit_param(request, kRows, kRowsMax);
  if (!limit) return respond(error_response(limit.error()));
  auto label = filter_param(request, "label");
  if (!label) return respond(error_response(label.error()));
  auto sender = filter_param(request, "sender");
  if (!sender) return respond(error_response(sender.error()));
  views.cardinality({std::move(*label), std::move(*sender), *limit},
                    reply<intake::CardinalityView>(std::move(respond), write_cardinality));
}

}  // namespace

void register_cardinality_routes(net::Router& router, Views& views) {
  router.add("GET", "/api/cardinality", [&views](net::Request&& request, net::Respond respond) {
    show(views, request, std::move(respond));
  });
}

}  // namespace tocsin::server
