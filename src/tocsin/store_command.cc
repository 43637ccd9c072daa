// `tocsin store stats|verify|compact`: of a folder, also beside a running server (as of its last
// flush), or of a server by its API.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/clock.h"
#include "tocsin/client.h"
#include "tocsin/commands.h"
#include "tocsin/progress.h"
#include "tocsin/store_report.h"

namespace tocsin {
namespace {

constexpr DurationMs kAskEvery = milliseconds(200);

struct OpenFolder {
  std::unique_ptr<Keyspace> keyspace;
  Counters counters;
  SeriesTable series{64'000'000};
};

// The catalogue is read so that damage can be named; nothing is written.
Result<void> open_folder(const std::string& data, OpenFolder& out) {
  const std::string chunks = data + "/points/chunks";
  if (!std::filesystem::exists(chunks))
    return fail(ErrorCode::kInvalid,
                fmt::format("there are no points in {}; --data says where they are kept", data));
  auto keyspace = open_rocksdb_read_only(chunks, {});
  if (!keyspace) return fail(keyspace.error());
  out.keyspace = std::move(*keyspace);
  Chunks names(*out.keyspace, out.series, out.counters);
  return names.load_catalogue([](SeriesRef) { return 0u; });
}

uint64_t folder_bytes(const std::string& path) {
  uint64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    const auto size = entry.file_size(error);
    if (!error) bytes += size;
  }
  return bytes;
}

// A GET of the API, printed.
int print_answer(Client& client, const std::string& path, bool json) {
  const auto answer = client.call("GET", path + (json ? "" : "?format=text"), "", "");
  if (!answer) return failed(answer.error());
  if (answer->status != 200)
    return failed(
        {ErrorCode::kUnavailable,
         fmt::format("{} of {} answered {}: {}", path, client.url(), answer->status, answer->body),
         ""});
  std::printf("%s%s", answer->body.c_str(), json ? "\n" : "");
  return 0;
}

// The member of a flat JSON answer that says how it stands.
bool says(const std::string& json, std::string_view state) {
  return json.find(fmt::format("\"state\":\"{}\"", state)) != std::string::npos;
}

int verify_server(const StoreCommandOptions& options) {
  Client client(options.url, options.token);
  const auto begun = client.call("POST", "/api/store/verify", "", "application/json");
  if (!begun) return failed(begun.error());
  if (begun->status != 202 && begun->status != 409)  // 409: one is under way, its end will do
    return failed({ErrorCode::kUnavailable,
                   fmt::format("{} answered {}: {}", options.url, begun->status, begun->body), ""});
  for (;;) {
    const auto answer = client.call("GET", "/api/store/verify", "", "");
    if (!answer) return failed(answer.error());
    if (!says(answer->body, "running")) {
      const bool whole =
          says(answer->body, "done") && answer->body.find("\"damaged\":0,") != std::string::npos;
      const int printed = print_answer(client, "/api/store/verify", options.json);
      return printed != 0 ? printed : whole ? 0 : 1;
    }
    client.wait(kAskEvery);
  }
}

}  // namespace

int store_stats(const StoreCommandOptions& options) {
  if (options.data.empty()) {
    Client client(options.url, options.token);
    return print_answer(client, "/api/store/stats", options.json);
  }
  OpenFolder folder;
  if (auto done = open_folder(options.data, folder); !done) return failed(done.error());
  StoreStats stats;
  if (auto done = read_stats(*folder.keyspace, stats); !done) return failed(done.error());
  stats.journal_bytes = folder_bytes(options.data + "/points/journal");
  std::printf("%s%s", (options.json ? stats_json(stats) : stats_text(stats)).c_str(),
              options.json ? "\n" : "");
  return 0;
}

int store_verify(const StoreCommandOptions& options) {
  if (options.data.empty()) return verify_server(options);
  OpenFolder folder;
  if (auto done = open_folder(options.data, folder); !done) return failed(done.error());
  SystemClock clock;
  VerifyState state;
  state.started = clock.now();
  Progress progress(terminal_print());
  bool begun = false;
  auto report = verify_store(*folder.keyspace, [&](const VerifyReport& so_far) {
    if (!std::exchange(begun, true)) progress.begin("reading", so_far.bytes_total);
    progress.advance(std::min(so_far.bytes, so_far.bytes_total));  // the total is an estimate
    return true;
  });
  progress.end();
  if (!report) return failed(report.error());
  state.ended = clock.now();
  state.stage = VerifyState::Stage::kDone;
  state.report = std::move(*report);
  std::printf("%s%s",
              (options.json ? verify_json(state, folder.series) : verify_text(state, folder.series))
                  .c_str(),
              options.json ? "\n" : "");
  return state.report.damaged == 0 ? 0 : 1;
}

int store_compact(const StoreCommandOptions& options) {
  Client client(options.url, options.token);
  for (const char* method = "POST";; method = "GET") {
    const auto answer = client.call(method, "/api/store/compact", "", "application/json");
    if (!answer) return failed(answer.error());
    if (answer->status / 100 != 2)
      return failed({ErrorCode::kUnavailable,
                     fmt::format("{} /api/store/compact of {} answered {}: {}", method,
                                 client.url(), answer->status, answer->body),
                     ""});
    if (!says(answer->body, "running")) break;
    client.wait(kAskEvery);
  }
  return print_answer(client, "/api/store/stats", options.json);
}

}  // namespace tocsin
