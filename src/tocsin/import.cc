// `tocsin import`: history from CSV files, sent to a running server. Repeating it is safe: a point
// that is there already is stored once and not learned from again.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "base/text.h"
#include "tocsin/client.h"
#include "tocsin/commands.h"
#include "tocsin/progress.h"
#include "wire/csv.h"

namespace tocsin {
namespace {

constexpr size_t kBodyBytes = 1 << 20;
constexpr int kAttempts = 30;

std::string escaped(std::string_view text, std::string_view specials) {
  std::string out;
  for (const char c : text) {
    if (specials.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// One file on its way: rows in, line protocol out.
class FileImport {
 public:
  FileImport(const ImportOptions& options, const std::string& path, Client& client)
      : options_(options),
        path_(path),
        client_(client),
        reader_(
            csv_options(options), [this](const wire::CsvRow& row) { add(row); },
            [this](const Error& error) { report(error); }) {
    name_ = options.name.empty() ? std::filesystem::path(path).stem().string() : options.name;
    for (const std::string& label : options.labels) {
      const size_t equals = label.find('=');
      fixed_ += "," + escaped(label.substr(0, equals), ", =") + "=" +
                escaped(equals == std::string::npos ? "" : label.substr(equals + 1), ", =");
    }
  }

  Result<void> run(Progress& progress) {
    std::ifstream in(path_, std::ios::binary);
    std::error_code error;
    const auto bytes = std::filesystem::file_size(path_, error);
    if (!in || error)
      return fail(ErrorCode::kInvalid, fmt::format("cannot read {}: does it exist?", path_));
    progress.begin("importing " + path_, bytes);
    std::array<char, 1 << 16> piece;
    for (uint64_t done = 0; failed_.message.empty() && !reader_.failed();) {
      in.read(piece.data(), piece.size());
      const auto got = static_cast<size_t>(in.gcount());
      if (got == 0) break;
      reader_.push({piece.data(), got});
      progress.advance(done += got);
    }
    reader_.finish();
    if (failed_.message.empty()) send();
    progress.end();
    if (!failed_.message.empty()) return fail(failed_);
    if (reader_.failed()) return fail(ErrorCode::kInvalid, path_ + " was not imported");
    return {};
  }
  uint64_t points() const { return points_; }
  uint64_t rejected() const { return reader_.rejected(); }

 private:
  static wire::CsvOptions csv_options(const ImportOptions& options) {
    wire::CsvOptions out;
    out.time_column = options.time_column;
    out.value_columns = options.value_columns;
    out.label_columns = options.label_columns;
    return out;
  }

  void add(const wire::CsvRow& row) {
    if (!failed_.message.empty()) return;
    std::string fields;
    const auto& names = reader_.value_columns();
    for (size_t i = 0; i < row.values.size(); ++i) {
      if (!row.values[i]) continue;
      // A single value column gives the series its plain name.
      const std::string_view field = names.size() == 1 ? "value" : std::string_view(names[i]);
      fields += (fields.empty() ? "" : ",") + escaped(field, ", =") + "=";
      append_number(fields, *row.values[i]);
      ++points_;
    }
    if (fields.empty()) return;
    body_ += escaped(name_, ", ") + fixed_;
    for (size_t i = 0; i < row.labels.size(); ++i)
      if (!row.labels[i].empty())
        body_ +=
            "," + escaped(reader_.label_columns()[i], ", =") + "=" + escaped(row.labels[i], ", =");
    body_ += " " + fields + " " + std::to_string(row.time.ms) + "\n";
    if (body_.size() >= kBodyBytes) send();
  }

  void report(const Error& error) {
    if (++reported_ <= 10) std::fprintf(stderr, "\n%s: %s\n", path_.c_str(), error.text().c_str());
  }

  // The server says 503 while it has no room; then the same is sent again.
  void send() {
    for (int attempt = 0; !body_.empty(); ++attempt) {
      auto answer = client_.call("POST", "/write?precision=ms&import=true", body_, "text/plain");
      if (answer && answer->status == 204) break;
      const bool busy = answer && (answer->status == 503 || answer->status == 429);
      if (busy && attempt < kAttempts) {
        const auto asked =
            net::parse_retry_after(answer->headers.get("Retry-After"), SystemClock().now());
        client_.wait(std::min(asked.value_or(seconds(1)), seconds(30)));
        continue;
      }
      failed_ = answer ? Error{ErrorCode::kInvalid,
                               fmt::format("the server refused a part of {}: {} {}", path_,
                                           answer->status, answer->body),
                               ""}
                       : answer.error();
      return;
    }
    body_.clear();
  }

  const ImportOptions& options_;
  const std::string path_;
  Client& client_;
  std::string name_, fixed_, body_;
  wire::CsvReader reader_;
  uint64_t points_ = 0;
  int reported_ = 0;
  Error failed_;
};

}  // namespace

int import_files(const ImportOptions& options) {
  Client client(options.url, options.token);
  Progress progress(terminal_print());
  int status = 0;
  for (const std::string& path : options.files) {
    FileImport one(options, path, client);
    if (auto done = one.run(progress); !done) {
      status = failed(done.error());
      continue;
    }
    std::printf(
        "%s: %llu points kept%s\n", path.c_str(), static_cast<unsigned long long>(one.points()),
        one.rejected() > 0 ? fmt::format(", {} rows left out", one.rejected()).c_str() : "");
  }
  return status;
}

int receiver_test(const ReceiverTestOptions& options) {
  Client client(options.url, options.token);
  auto answer =
      client.call("POST", "/api/receivers/" + options.name + "/test", "{}", "application/json");
  if (!answer) return failed(answer.error());
  std::printf("%s\n", answer->body.c_str());
  return answer->ok() ? 0 : 1;
}

}  // namespace tocsin
