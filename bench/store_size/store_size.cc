// Bytes per point on disk, sealed and compacted, and what sealing and compacting cost.
//   store_size fleet SERIES ROUNDS        a fleet every 10 s
//   store_size csv FILE...                timestamp,value[,...] (unix seconds), a series per file
//   store_size --lines fleet|csv ...      the same points as line protocol, bodies of 5,000 lines
//                                         that end with an empty line, for a peer
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>

#include "base/disk.h"
#include "base/random.h"
#include "base/text.h"
#include "store/store.h"

namespace {

using namespace tocsin;

constexpr size_t kBatch = 5000;
constexpr int64_t kBegin = days(20'755).count;  // a Thursday: a week begins

struct SentPoint {
  uint32_t series;
  int64_t time;
  double value;
};
using Take = std::function<void(const std::vector<SentPoint>&)>;
struct Source {
  std::vector<Labels> series;
  std::function<void(const Take&)> run;
};

// Neighbours come in one batch and share its time, which is some milliseconds off.
Source fleet(uint32_t series, uint32_t rounds) {
  Source out;
  constexpr const char* kNames[] = {"cpu_usage", "mem_inuse", "dsk_write", "net_bytes"};
  for (uint32_t s = 0; s < series; ++s)
    out.series.push_back(Labels::of(kNames[s / 4 % 4], {{"host", fmt::format("web-{:05}", s / 16)},
                                                        {"core", std::to_string(s % 4)}}));
  out.run = [series, rounds](const Take& take) {
    Random random(1);
    std::vector<SentPoint> batch;
    for (uint32_t round = 0; round < rounds; ++round)
      for (uint32_t first = 0; first < series; first += kBatch) {
        const int64_t time = kBegin + round * 10'000 + static_cast<int64_t>(random.below(20));
        batch.clear();
        for (uint32_t s = first; s < std::min<uint32_t>(series, first + kBatch); ++s) {
          const auto level = 1000 + s * uint64_t{7919} % 8000;
          batch.push_back({s, time, static_cast<double>(level + random.below(128)) / 100});
        }
        take(batch);
      }
  };
  return out;
}

Source csv(const std::vector<std::string>& files) {
  Source out;
  for (const std::string& file : files)
    out.series.push_back(Labels::of("kpi", {{"id", std::filesystem::path(file).stem().string()}}));
  out.run = [files](const Take& take) {
    std::vector<SentPoint> batch;
    for (uint32_t s = 0; s < files.size(); ++s) {
      std::ifstream in(files[s]);
      std::string line;
      std::getline(in, line);
      while (std::getline(in, line)) {
        const size_t comma = line.find(',');
        const std::string value = line.substr(comma + 1, line.find(',', comma + 1) - comma - 1);
        if (comma == std::string::npos || value.empty()) continue;
        batch.push_back({s, std::atoll(line.c_str()) * 1000, std::strtod(value.c_str(), nullptr)});
        if (batch.size() < kBatch) continue;
        take(batch);
        batch.clear();
      }
    }
    take(batch);
  };
  return out;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void print_lines(const Source& source) {
  std::string body;
  source.run([&](const std::vector<SentPoint>& batch) {
    body.clear();
    for (const SentPoint& p : batch) {
      const Labels& labels = source.series[p.series];
      body += labels.name();
      for (const auto& [name, value] : labels.pairs())
        if (name != "__name__") body += fmt::format(",{}={}", name, value);
      body += fmt::format(" value={} {}\n", p.value, p.time);
    }
    body += "\n";
    std::fwrite(body.data(), 1, body.size(), stdout);
  });
}

// Feeds a store on a real disk as the program does, with the clock long after the points.
class Feeder {
 public:
  explicit Feeder(const std::string& folder) {
    options_.keep = options_.keep_minutes = options_.keep_hours = days(36'500);
    options_.journal.durability = JournalOptions::Durability::kProcess;
    store_ = Store::open(folder, options_, disk_, clock_, table_, counters_).value();
    (void)store_->recover({}, {}).value();
    store_->journal().set_observers([this](const FramePtr& f) { inbox_.push_back(f); }, [](Lsn) {});
  }
  void add(const Source& source, const std::vector<SentPoint>& points) {
    Batch batch;
    for (const SentPoint& p : points) {
      const auto added = table_.find_or_add(source.series[p.series], p.series / 5000 % 2).value();
      if (added.fresh) batch.fresh.push_back({added.ref, source.series[p.series]});
      batch.add(added.ref, TimeMs{p.time}, p.value);
    }
    points_ += points.size();
    while (!store_->journal().append(Batch(batch))) step();
    step();
  }
  void finish() {
    for (uint32_t shard = 0; shard < 2; ++shard)
      while (!store_->head(shard).seal_started_before(clock_.now(), 100'000)) {
      }
    step();
    check(store_->flush_chunks());
    const auto before = store_->stats().value();
    const double begun = cpu_seconds();
    for (bool more = true; more;) more = store_->compact_step(clock_.now()).value();
    const double joined = cpu_seconds();
    check(store_->keyspace().flush());
    check(store_->keyspace().compact(KeyFamily::kRows, "", std::string(40, '\xff')));
    check(store_->keyspace().compact(KeyFamily::kCatalogue, "", std::string(40, '\xff')));
    const auto after = store_->stats().value();
    const auto n = static_cast<double>(points_);
    fmt::print("points {}\nseries {}\n", points_, after.series);
    fmt::print("sealed bytes/point {:.3f}\n", before.raw_bytes_per_point());
    fmt::print("compacted bytes/point {:.3f}\n", after.raw_bytes_per_point());
    fmt::print("rollup bytes/point {:.3f}\n",
               static_cast<double>(after.bytes[1] + after.bytes[2]) / n);
    const double files = static_cast<double>(after.disk_bytes);
    fmt::print("files without rollups bytes/point {:.3f}\n",
               (files - static_cast<double>(after.bytes[1] + after.bytes[2])) / n);
    fmt::print("head and seal ns/point {:.1f}\n", spent_ / n * 1e9);
    fmt::print("compact and roll up ns/point {:.1f}\n", (joined - begun) / n * 1e9);
  }

 private:
  static void check(const Result<void>& done) {
    if (!done) fmt::print(stderr, "{}\n", done.error().text());
  }
  void step() {
    if (const auto done = store_->journal().commit_now(); !done) check(fail(done.error()));
    const double begun = cpu_seconds();
    for (const FramePtr& frame : inbox_)
      for (uint32_t shard = 0; shard < 2; ++shard) store_->apply(shard, *frame);
    inbox_.clear();
    for (uint32_t shard = 0; shard < 2; ++shard) store_->collect(shard, 1000);
    check(store_->seal_step(clock_.now()));
    spent_ += cpu_seconds() - begun;
  }

  StoreOptions options_;
  PosixDisk disk_;
  ManualClock clock_{TimeMs{kBegin + days(40).count}};
  Counters counters_;
  SeriesTable table_;
  std::unique_ptr<Store> store_;
  std::vector<FramePtr> inbox_;
  uint64_t points_ = 0;
  double spent_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const bool lines = !words.empty() && words[0] == "--lines";
  if (lines) words.erase(words.begin());
  if (words.size() < 2) return std::fputs("usage: store_size [--lines] fleet|csv ...\n", stderr), 2;
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  const Source source =
      words[0] == "csv"
          ? csv(rest)
          : fleet(static_cast<uint32_t>(std::atoi(rest[0].c_str())),
                  rest.size() > 1 ? static_cast<uint32_t>(std::atoi(rest[1].c_str())) : 360);
  if (lines) return print_lines(source), 0;
  std::string folder = (std::filesystem::temp_directory_path() / "store-size-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  {
    Feeder feeder(folder);
    source.run([&](const std::vector<SentPoint>& batch) { feeder.add(source, batch); });
    feeder.finish();
  }
  std::filesystem::remove_all(folder);
  return 0;
}
