// `tocsin detect`: the models over files, without a server and without a configuration. Rows stream
// in and out; memory does not grow with a file.

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>

#include "calendar/zone.h"
#include "net/gzip.h"
#include "replay/detect.h"
#include "replay/detect_chart.h"
#include "replay/detect_rows.h"
#include "replay/detect_writer.h"
#include "tocsin/commands.h"
#include "tocsin/detect_page.h"
#include "tocsin/progress.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPieceBytes = 1 << 16;
constexpr int kUsage = 2;
constexpr uint64_t kErrorsShown = 10;  // per file; all are counted

struct Close {
  void operator()(std::FILE* file) const {
    if (file != stdout) std::fclose(file);
  }
};
using Stream = std::unique_ptr<std::FILE, Close>;

Error cannot(std::string_view what, const std::string& path) {
  return {ErrorCode::kUnavailable,
          fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)),
          {}};
}

// So that a line does not begin behind the bar, which is drawn again with the next piece.
void make_line_free(bool bar) {
  if (bar) std::fputs("\r\033[K", stderr);
}

// "orders.csv.gz" -> "orders.csv", or "orders.jsonl".
std::string output_name(const std::string& path, replay::DetectFormat format) {
  fs::path name = fs::path(path).filename();
  if (name.extension() == ".gz") name = name.stem();
  if (format == replay::DetectFormat::kJson) name.replace_extension(".jsonl");
  return name.string();
}

std::string series_name(const std::string& path) {
  return fs::path(output_name(path, replay::DetectFormat::kCsv)).stem().string();
}

// What holds for all files of a run.
struct Run {
  const DetectOptions& options;
  replay::DetectFormat format;
  streamer::Worker worker;
  calendar::Zone zone;
  std::optional<DetectPage> page;
  Progress& progress;
  bool bar = false;         // the progress is shown
  uint64_t bytes_done = 0;  // of all files
};

// One file on its way: rows in, answers out.
class FileRun {
 public:
  FileRun(Run& run, const std::string& path)
      : run_(run),
        path_(path),
        detector_(run.worker, run.zone, series_name(path)),
        writer_(run.format, run.options.files.size() > 1 && run.options.out.empty() ? path : ""),
        rows_(
            {run.options.time_column, run.options.value_column},
            [this](const replay::DetectRow& row) { answer(row); },
            [this](const Error& error) { report(error); }) {}

  Result<void> go(bool header) {
    const Stream in(std::fopen(path_.c_str(), "rb"));
    if (!in) return fail(cannot("read", path_));
    if (auto opened = open_output(); !opened) return opened;
    if (header) writer_.header(text_);
    if (auto done = read_all(in.get()); !done) return done;
    if (auto done = flush(); !done) return done;
    if (std::fflush(out_.get()) != 0) return fail(cannot("write", out_path_));
    if (run_.page) return run_.page->add(chart_.json(series_name(path_), detector_.counts()));
    return {};
  }

  const replay::Detector::Counts& counts() const { return detector_.counts(); }
  uint64_t rows() const { return rows_.rows(); }
  uint64_t unreadable() const { return rows_.unreadable(); }

 private:
  Result<void> open_output() {
    const auto& dir = run_.options.out;
    out_path_ = dir.empty() ? "standard output"
                            : (fs::path(dir) / output_name(path_, run_.format)).string();
    std::error_code none;
    if (!dir.empty() && fs::equivalent(out_path_, path_, none))
      return fail(ErrorCode::kInvalid,
                  fmt::format("cannot write {}: it is the file that is read; give another folder "
                              "with --out",
                              out_path_));
    out_.reset(dir.empty() ? stdout : std::fopen(out_path_.c_str(), "wb"));
    if (!out_) return fail(cannot("write", out_path_));
    return {};
  }

  // gzip is told by its first bytes, not by the file's name.
  Result<void> read_all(std::FILE* in) {
    std::array<char, kPieceBytes> piece;
    std::optional<net::GzipPieces> gzip;
    for (bool first = true; !rows_.failed() && failed_.message.empty(); first = false) {
      const size_t got = std::fread(piece.data(), 1, piece.size(), in);
      if (got == 0) break;
      const std::string_view bytes(piece.data(), got);
      if (first && bytes.starts_with("\x1f\x8b"))
        gzip.emplace([this](std::string_view text) { rows_.push(text); });
      if (!gzip) {
        rows_.push(bytes);
      } else if (auto done = gzip->push(bytes); !done) {
        return fail(ErrorCode::kInvalid,
                    fmt::format("cannot read {}: {}", path_, done.error().message));
      }
      run_.progress.advance(run_.bytes_done += got);
    }
    if (std::ferror(in) != 0) return fail(cannot("read", path_));
    rows_.finish();
    if (!failed_.message.empty()) return fail(failed_);
    if (gzip)
      if (auto whole = gzip->finish(); !whole)
        return fail(ErrorCode::kInvalid,
                    fmt::format("cannot read all of {}: {}", path_, whole.error().message));
    if (rows_.failed()) return fail(ErrorCode::kInvalid, fmt::format("cannot read {}", path_));
    return {};
  }

  void answer(const replay::DetectRow& row) {
    if (!failed_.message.empty()) return;
    const replay::DetectAnswer answer = detector_.push(row.time, row.value);
    writer_.row(row, answer, text_);
    if (run_.page && row.time && row.value) chart_.add(*row.time, *row.value, answer);
    if (text_.size() < kPieceBytes) return;
    if (auto done = flush(); !done) failed_ = done.error();
  }

  Result<void> flush() {
    const bool written = std::fwrite(text_.data(), 1, text_.size(), out_.get()) == text_.size();
    text_.clear();
    return written ? Result<void>() : fail(cannot("write", out_path_));
  }

  // FILE:LINE: what is wrong.
  void report(const Error& error) {
    if (++errors_ > kErrorsShown) return;
    const std::string_view place = error.place;
    make_line_free(run_.bar);
    std::fprintf(stderr, "%s:%s: %s\n", path_.c_str(),
                 std::string(place.substr(place.rfind(' ') + 1)).c_str(), error.message.c_str());
  }

  Run& run_;
  const std::string path_;
  replay::Detector detector_;
  replay::DetectWriter writer_;
  replay::DetectChart chart_;
  replay::DetectRows rows_;
  std::string out_path_, text_;
  Stream out_;
  uint64_t errors_ = 0;
  Error failed_;
};

// Two files of one name would write one file.
Result<void> check_names(const DetectOptions& options, replay::DetectFormat format) {
  if (options.out.empty()) return {};
  std::map<std::string, std::string> taken;
  for (const std::string& path : options.files) {
    const auto [at, fresh] = taken.emplace(output_name(path, format), path);
    if (!fresh)
      return fail(
          ErrorCode::kInvalid,
          fmt::format("{} and {} would both be written to {}/{}; give them in two runs with "
                      "an --out each",
                      at->second, path, options.out, at->first));
  }
  return {};
}

Result<streamer::Worker> worker_of(const DetectOptions& options) {
  replay::DetectModels asked;
  for (std::string_view rest = options.models; !rest.empty();) {
    const size_t end = std::min(rest.find(','), rest.size());
    asked.kinds.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  asked.noise = options.noise;
  return replay::detect_worker(asked);
}

void sum_up(const FileRun& file, const std::string& path, bool quiet) {
  if (file.unreadable() > kErrorsShown)
    std::fprintf(stderr, "%s: %llu rows cannot be read, the first %llu are shown\n", path.c_str(),
                 static_cast<unsigned long long>(file.unreadable()),
                 static_cast<unsigned long long>(kErrorsShown));
  if (quiet) return;
  std::printf("%s: %llu rows, %llu violations\n", path.c_str(),
              static_cast<unsigned long long>(file.rows()),
              static_cast<unsigned long long>(file.counts().violations));
  std::fflush(stdout);
}

uint64_t bytes_of(const std::vector<std::string>& files) {
  uint64_t sum = 0;
  for (const std::string& path : files) {
    std::error_code error;
    const auto bytes = fs::file_size(path, error);
    if (!error) sum += bytes;
  }
  return sum;
}

// A bar where somebody sees it, and does not see the rows.
bool shows_bar(const DetectOptions& options) {
  return isatty(STDERR_FILENO) != 0 && (!options.out.empty() || isatty(STDOUT_FILENO) == 0);
}

// What the command cannot begin without; kInvalid: it was asked for wrongly.
Result<void> prepare(Run& run) {
  const DetectOptions& options = run.options;
  if (auto names = check_names(options, run.format); !names) return names;
  auto worker = worker_of(options);
  if (!worker) return fail(worker.error());
  run.worker = std::move(*worker);
  auto zone = calendar::Zone::find(options.zone);
  if (!zone) return fail(zone.error());
  run.zone = std::move(*zone);
  std::error_code error;
  if (!options.out.empty()) fs::create_directories(options.out, error);
  if (error)
    return fail(ErrorCode::kUnavailable,
                fmt::format("cannot make the folder {}: {}", options.out, error.message()));
  if (options.html.empty()) return {};
  auto page = DetectPage::create(options.html, {options.models, options.zone, run.worker.score});
  if (!page) return fail(page.error());
  run.page.emplace(std::move(*page));
  return {};
}

}  // namespace

int run_detect(const DetectOptions& options) {
  const bool bar = shows_bar(options);
  Progress progress(bar ? terminal_print() : Progress::Print{});
  Run run{
      options, options.format == "json" ? replay::DetectFormat::kJson : replay::DetectFormat::kCsv,
      {},      {},
      {},      progress,
      bar,     0};
  if (auto ready = prepare(run); !ready) {
    (void)failed(ready.error());
    return ready.error().code == ErrorCode::kInvalid ? kUsage : 1;
  }
  int status = 0;
  progress.begin("testing", bytes_of(options.files));
  bool header = true;
  for (const std::string& path : options.files) {
    FileRun file(run, path);
    const auto done = file.go(header);
    make_line_free(bar);
    header = !options.out.empty();
    sum_up(file, path, options.out.empty() || !done);
    if (!done) status = failed(done.error());
  }
  progress.end();
  if (run.page)
    if (auto done = run.page->finish(); !done) status = failed(done.error());
  return status;
}

}  // namespace tocsin
