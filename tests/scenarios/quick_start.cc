#include "quick_start.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "config/folder.h"
#include "config/reader.h"
#include "pipeline/shard_stage.h"

namespace tocsin::scenarios {
namespace {

constexpr uint32_t kShards = 2;
constexpr DurationMs kEvidenceHistory = hours(6);
constexpr DurationMs kOnTheWay = milliseconds(40);
constexpr size_t kBatchPoints = 8192;

// As the quick start writes it: the performance test was announced, the outage was not.
std::string marks_yaml(const demo::Script& history) {
  std::string out = "marks:\n";
  for (const demo::Mark& mark : history.marks)
    out += fmt::format("  - {{from: '{}', to: '{}', why: {}, match: ['*{{site=\"{}\"}}']}}\n",
                       to_iso(mark.from), to_iso(mark.to), mark.why, mark.site);
  return out;
}

TimeMs start_of(const Setting& setting) {
  const auto time = parse_time(setting.start);
  EXPECT_TRUE(time.has_value()) << setting.start;
  return time.value_or(TimeMs{});
}

}  // namespace

Configuration quick_start_configuration(const demo::Script& history) {
  config::Problems problems;
  auto files = config::Folder::load("examples/quick-start", problems).files();
  EXPECT_TRUE(files.contains("rules.yaml"))
      << "run it in the project's folder; " << problems.text();
  files["marks.yaml"] = marks_yaml(history);
  return configuration_of(files);
}

rules::WorkerNames Configuration::worker_names() const {
  rules::WorkerNames names;
  for (const streamer::Worker& worker : workers->workers())
    names.push_back(
        {worker.id, worker.model_names(), worker.tier, worker.open_points, worker.open_of});
  return names;
}

Configuration configuration_of(const std::map<std::string, std::string>& files) {
  config::Problems problems;
  const config::Folder folder = config::Folder::from_texts(files, problems);
  Configuration made;
  made.workers = streamer::WorkerSet::read(folder, problems);
  made.rules = std::make_shared<rules::RuleSet>(
      rules::RuleSet::read(folder, made.workers->site_label(), problems));
  made.supervisor = supervisor::Options::read(folder, problems);
  made.routes = supervisor::Routes::read(folder, problems);
  EXPECT_EQ(problems.text(), "");
  return made;
}

void PrintTo(const Setting& setting, std::ostream* out) { *out << setting.name; }

QuickStart::QuickStart(const Setting& setting)
    : start_(start_of(setting)),
      history_(demo::history_script(history_end())),
      house_(setting.seed),
      configuration_(quick_start_configuration(history_)) {
  house_.add(history_);
  house_.add(demo::live_script(start_));
}

std::unique_ptr<SeriesTable> QuickStart::table(uint32_t shards) const {
  auto made = std::make_unique<SeriesTable>(4096);
  for (const demo::HouseSeries& one : house_.series())
    EXPECT_TRUE(made->find_or_add(one.labels, static_cast<uint32_t>(one.labels.hash() % shards)));
  return made;
}

const Saved& QuickStart::trained() {
  if (trained_) return *trained_;
  const auto series = table(kShards);
  std::vector<pipeline::ShardStage> stages;
  std::vector<pipeline::ShardReport> reports(kShards);
  for (uint32_t i = 0; i < kShards; ++i)
    stages.emplace_back(configuration_.workers, *series, i, kShards);
  Frame frame;
  frame.arrival = history_end();
  const auto send = [&] {
    frame.lsn = Lsn{frame.lsn.value + 1};
    frame.batch.kind = BatchKind::kImport;
    for (uint32_t i = 0; i < kShards; ++i) stages[i].pass(frame, reports[i]);
    frame.batch = {};
  };
  for (TimeMs time = history_end() - kHistory; time < history_end(); time = time + kStep) {
    for (uint32_t i = 0; i < house_.series().size(); ++i) {
      if (!house_.series()[i].kpi && history_end() - time > kEvidenceHistory) continue;
      if (const auto value = house_.value(i, time)) frame.batch.add(SeriesRef{i}, time, *value);
    }
    if (frame.batch.size() >= kBatchPoints) send();
  }
  send();
  Saved saved;
  for (uint32_t i = 0; i < kShards; ++i) {
    EXPECT_TRUE(reports[i].items.empty()) << "an import said something";
    ByteWriter out;
    stages[i].streamer().save(out);
    saved.models.push_back(out.take());
  }
  ByteWriter rules;
  rules::Engine(configuration_.rules, *series, configuration_.worker_names()).save(rules);
  saved.rules = rules.take();
  return trained_.emplace(std::move(saved));
}

std::vector<Frame> QuickStart::live() const {
  std::vector<Frame> frames;
  for (TimeMs time = history_end(); time < start_ + kLive; time = time + seconds(1)) {
    Frame frame;
    frame.lsn = Lsn{frames.size() + 1};
    frame.arrival = time + kOnTheWay;
    for (uint32_t i = 0; i < house_.series().size(); ++i) {
      if (time.ms % house_.series()[i].cadence.count != 0) continue;
      if (const auto value = house_.value(i, time)) frame.batch.add(SeriesRef{i}, time, *value);
    }
    if (!frame.batch.empty()) frames.push_back(std::move(frame));
  }
  return frames;
}

QuickStart& quick_start(const Setting& setting) {
  static std::map<std::pair<uint64_t, std::string>, std::unique_ptr<QuickStart>> made;
  auto& one = made[{setting.seed, setting.start}];
  if (one == nullptr) one = std::make_unique<QuickStart>(setting);
  return *one;
}

}  // namespace tocsin::scenarios
