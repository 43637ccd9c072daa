#include "tocsin/access_command.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "access/tables.h"
#include "access/token_file.h"
#include "base/clock.h"
#include "server/access_parts.h"
#include "state/migrations.h"
#include "tocsin/client.h"
#include "tocsin/live_access.h"

namespace tocsin {
namespace {

// No server runs: this process is the database's one writer for as long as it takes.
class OwnDatabase final : public AccessApi {
 public:
  explicit OwnDatabase(state::Database database)
      : database_(std::move(database)),
        accounts_([this](const std::function<void(state::Database&)>& work) { work(database_); },
                  clock_),
        door_(accounts_, "127.0.0.1", false),
        replies_(counters_) {}

  Result<void> begin(const std::string& token_file) {
    if (auto done = state::migrate(database_, access::migrations()); !done) return done;
    if (auto done = accounts_.load(database_); !done) return done;
    if (auto done = take_over(token_file); !done) return done;
    const server::AccessParts parts{.accounts = accounts_,
                                    .limiter = limiter_,
                                    .replies = replies_,
                                    .door = door_,
                                    .clock = clock_,
                                    .hash =
                                        [](const std::function<void()>& work) {
                                          work();
                                          return true;
                                        },
                                    .read_audit = {},
                                    .record = {}};
    server::register_user_routes(router_, parts);
    server::register_token_routes(router_, parts);
    router_.set_authorize([](net::Request& request) -> std::optional<net::Response> {
      Who who;
      who.kind = Who::Kind::kCommand;
      who.name = "command line";
      who.role = Role::kAdmin;
      who.may = permissions_of(Role::kAdmin);
      request.who = std::make_shared<const Who>(std::move(who));
      return std::nullopt;
    });
    return {};
  }

  Result<AccessAnswer> call(std::string method, std::string path, std::string body) override {
    net::Request request;
    request.method = std::move(method);
    request.path = request.raw_path = std::move(path);
    request.body = std::move(body);
    AccessAnswer out;
    router_.dispatch(std::move(request), [&out](net::Response response) {
      out = {response.status, std::move(response.body)};
    });
    return out;
  }

 private:
  // As the server does it, so that a name that is taken there is taken here.
  Result<void> take_over(const std::string& path) {
    std::error_code none;
    if (!std::filesystem::exists(path, none)) return {};
    auto tokens = access::read_token_file(path);
    if (!tokens) return fail(tokens.error());
    Result<size_t> taken = size_t{0};
    accounts_.take_over(std::move(*tokens),
                        [&taken](Result<size_t> done) { taken = std::move(done); });
    if (!taken) return fail(taken.error());
    std::filesystem::rename(path, path + ".taken-over", none);
    return {};
  }

  const SystemClock clock_;
  Counters counters_;
  state::Database database_;
  access::Accounts accounts_;
  access::Door door_;
  access::LoginLimiter limiter_;
  access::Replies replies_;
  net::Router router_;
};

class RunningServer final : public AccessApi {
 public:
  RunningServer(std::string url, std::string secret) : client_(std::move(url), std::move(secret)) {}
  Result<AccessAnswer> call(std::string method, std::string path, std::string body) override {
    auto answer = client_.call(std::move(method), std::move(path), std::move(body),
                               "application/json", seconds(30));
    if (!answer) return fail(answer.error());
    return AccessAnswer{answer->status, std::move(answer->body)};
  }

 private:
  Client client_;
};

}  // namespace

Result<std::unique_ptr<AccessApi>> AccessApi::open(const std::string& data, bool make) {
  ::umask(S_IRWXG | S_IRWXO);
  std::error_code error;
  if (make) std::filesystem::create_directories(data, error);
  if (!std::filesystem::exists(data, error))
    return fail(ErrorCode::kInvalid, "there is no folder " + data + "; --data says where");
  auto database = state::Database::open(data + "/state.db");
  if (database) {
    auto own = std::make_unique<OwnDatabase>(std::move(*database));
    if (auto begun = own->begin(data + "/tokens"); !begun) return fail(begun.error());
    return std::unique_ptr<AccessApi>(std::move(own));
  }
  if (database.error().code != ErrorCode::kUnavailable) return fail(database.error());
  std::ifstream file(command_file(data));
  std::string url, secret;
  if (!std::getline(file, url) || !std::getline(file, secret))
    return fail(ErrorCode::kUnavailable,
                fmt::format("a server runs on {} but does not say how to reach it ({} cannot be "
                            "read); it may be starting: try again, or use its pages",
                            data, command_file(data)));
  return std::unique_ptr<AccessApi>(std::make_unique<RunningServer>(url, secret));
}

}  // namespace tocsin
