#include "world.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "state/migrations.h"
#include "supervisor/codec.h"

namespace tocsin::scenarios {

World::World(const Configuration& configuration, std::unique_ptr<SeriesTable> table,
             uint32_t shards)
    : configuration_(configuration), shards_(shards), table_(std::move(table)) {
  static int count = 0;
  path_ = fmt::format("{}scenarios_{}_{}.db", testing::TempDir(), ::getpid(), ++count);
  build();
}

World::~World() {
  database_.reset();
  for (const char* end : {"", "-wal", "-shm", ".writer"}) std::filesystem::remove(path_ + end);
}

void World::build() {
  // What a power cut leaves of a commit is tested in state/; here only time is saved.
  auto opened_database = state::Database::open(path_, {.power_cut_safe = false});
  ASSERT_TRUE(opened_database) << opened_database.error().text();
  database_ = std::make_unique<state::Database>(std::move(*opened_database));
  const auto migrated = state::migrate(*database_, supervisor::migrations());
  ASSERT_TRUE(migrated) << migrated.error().text();
  supervisor::Supervisor book(configuration_.supervisor, configuration_.routes, counters_);
  const auto loaded = book.load(*database_);
  ASSERT_TRUE(loaded) << loaded.error().text();
  reports_.resize(shards_);
  inboxes_.resize(shards_);
  for (uint32_t i = 0; i < shards_; ++i)
    stages_.emplace_back(configuration_.workers, *table_, i, shards_);
  merge_ = std::make_unique<pipeline::Merge>(shards_);
  pipeline::DecisionStage::Watch watch;
  watch.item = [this](const StreamItem& item) { on_item(item); };
  watch.decision = [this](const Decision& decision) { on_decision(decision); };
  watch.begin = [this](const pipeline::Passed& frame) { on_begin(frame); };
  decide_ = std::make_unique<pipeline::DecisionStage>(
      rules::Engine(configuration_.rules, *table_, configuration_.worker_names()), std::move(book),
      std::move(watch));
}

void World::load(const Saved& saved) {
  for (pipeline::ShardStage& stage : stages_)
    for (const std::string& models : saved.models) {
      ByteReader in(models);
      const auto loaded = stage.streamer().load(in);
      ASSERT_TRUE(loaded) << loaded.error().text();
    }
  ByteReader in(saved.rules);
  const auto loaded = decide_->engine().load(in);
  ASSERT_TRUE(loaded) << loaded.error().text();
}

Saved World::save() {
  Saved saved;
  for (pipeline::ShardStage& stage : stages_) {
    ByteWriter out;
    stage.streamer().save(out);
    saved.models.push_back(out.take());
  }
  ByteWriter out;
  decide_->engine().save(out);
  saved.rules = out.take();
  saved.lsn = last_;
  return saved;
}

void World::feed(const Frame& frame) {
  last_ = frame.lsn;
  for (auto& inbox : inboxes_) inbox.push_back(frame);
  for (uint32_t i = 0; i < shards_; ++i)
    take_from_inbox(i, pace_ ? pace_->below(3) : inboxes_[i].size());
  durable_ = pace_ ? Lsn{std::max(durable_.value, last_.value - pace_->below(4))} : last_;
  pass_on();
}

// A tick is sequenced as a frame is, between two of them.
void World::tick(TimeMs now) {
  Frame frame;
  frame.lsn = last_;
  frame.arrival = now;
  frame.kind = FrameKind::kTick;
  feed(frame);
}

void World::take_from_inbox(uint32_t shard, size_t count) {
  std::deque<Frame>& inbox = inboxes_[shard];
  for (; count > 0 && !inbox.empty(); --count, inbox.pop_front()) {
    const Frame& frame = inbox.front();
    if (frame.kind == FrameKind::kTick)
      stages_[shard].tick(frame.lsn, frame.arrival, reports_[shard]);
    else
      stages_[shard].pass(frame, reports_[shard]);
  }
}

void World::finish() {
  for (uint32_t i = 0; i < shards_; ++i) take_from_inbox(i, inboxes_[i].size());
  durable_ = last_;
  pass_on();
}

void World::reload(const Configuration& configuration, TimeMs now) {
  finish();
  configuration_ = configuration;
  Frame frame;
  frame.lsn = last_ = durable_ = Lsn{last_.value + 1};
  frame.arrival = now;
  frame.kind = FrameKind::kConfig;
  for (uint32_t i = 0; i < shards_; ++i) {
    stages_[i].pass(frame, reports_[i]);
    const auto done = stages_[i].replace(configuration_.workers, frame.lsn, now, reports_[i]);
    ASSERT_TRUE(done) << done.error().text();
  }
  reloaded_at_ = frame.lsn;
  pass_on();
}

void World::on_begin(const pipeline::Passed& frame) {
  if (frame.lsn != reloaded_at_) return;
  std::vector<Decision> out;
  decide_->supervisor().configure(configuration_.supervisor, configuration_.routes);
  decide_->engine().replace(configuration_.rules, configuration_.worker_names(),
                            Lsn{frame.lsn.value - 1}, frame.time, out);
  decide_->take(std::move(out), changes_);
}

void World::pass_on() {
  for (uint32_t i = 0; i < shards_; ++i) {
    merge_->add(i, reports_[i].items, reports_[i].passed);
    reports_[i] = {};
  }
  decide_->run(*merge_, durable_, changes_);
  if (committing_ && !changes_.empty()) commit();
}

void World::commit() {
  auto transaction = database_->begin();
  ASSERT_TRUE(transaction) << transaction.error().text();
  const auto applied = supervisor::apply(*transaction, changes_);
  ASSERT_TRUE(applied) << applied.error().text();
  const auto committed = transaction->commit();
  ASSERT_TRUE(committed) << committed.error().text();
  for (const auto& view : changes_.changed())
    names_[view->id] = {view->opened->rule_id, std::string(view->opened->scope.get("site"))};
  for (const supervisor::NotificationIntent& intent : changes_.intents) {
    const auto& [rule, site] = names_[intent.alert_id];
    const std::string event(to_text(intent.event));
    told.push_back({event, rule, site, intent.planned,
                    fmt::format("{} {} {} {} {} {}", intent.id, to_text(intent.alert_id),
                                intent.receiver, event, intent.planned.ms, intent.dedupe_key)});
  }
  changes_ = {};
}

void World::kill_and_restart() {
  changes_ = {};
  stages_.clear();
  reports_.clear();
  inboxes_.clear();
  merge_.reset();
  decide_.reset();
  database_.reset();
  decisions.clear();
  opened.clear();
  story_.clear();
  committing_ = true;
  build();
}

void World::kill_and_restart(const Configuration& configuration, const Saved& saved, TimeMs now) {
  configuration_ = configuration;
  kill_and_restart();
  load(saved);
  for (uint32_t i = 0; i < shards_; ++i) {
    streamer::StreamerOutputs outputs;
    stages_[i].streamer().announce({saved.lsn, {}, 0, 0}, now, outputs);
    reports_[i].items = std::move(outputs.items);
  }
}

void World::interrupted(TimeMs now) {
  for (pipeline::ShardStage& stage : stages_) stage.streamer().interrupted(now);
}

void World::on_item(const StreamItem& item) {
  const auto* change = std::get_if<ViolationChange>(&item.what);
  if (change == nullptr || change->what != ViolationChange::What::kOpened) return;
  for (const OpenedViolation& known : opened)
    if (known.id == change->violation.id) return;  // announced anew
  const Labels& labels = table_->labels(change->violation.series);
  opened.push_back({std::string(labels.name()), std::string(labels.get("site")),
                    change->violation.direction, item.arrival, change->violation.id});
}

void World::on_decision(const Decision& decision) {
  decisions.push_back(supervisor::encode(decision));
  const std::string who = decision.rule_id + " " + std::string(decision.scope.get("site"));
  if (decision.what == Decision::What::kOpened) story_.push_back("opened " + who);
  if (decision.what == Decision::What::kResolved)
    story_.push_back("resolved " + who + ": " + decision.resolve_reason);
}

void World::note(TimeMs arrival, const std::string& payload) {
  Frame frame;
  frame.lsn = Lsn{last_.value + 1};
  frame.arrival = arrival;
  frame.kind = FrameKind::kNote;
  frame.payload = payload;
  journal.push_back(frame);
  feed(frame);
}

void World::send(TimeMs arrival, const std::vector<Point>& points, BatchKind kind,
                 const std::string& sender) {
  Frame frame;
  frame.lsn = Lsn{last_.value + 1};
  frame.arrival = arrival;
  frame.batch.kind = kind;
  frame.batch.sender_name = sender;
  for (const Point& point : points) frame.batch.add(point.series, point.time, point.value);
  journal.push_back(frame);
  feed(frame);
}

SeriesRef World::series(std::string_view name, std::vector<Labels::Pair> pairs) {
  const Labels labels = Labels::of(name, std::move(pairs));
  const auto added = table_->find_or_add(labels, static_cast<uint32_t>(labels.hash() % shards_));
  EXPECT_TRUE(added) << added.error().text();
  return added->ref;
}

std::vector<AlertView> World::alerts() {
  supervisor::AlertFilter filter;
  filter.state = supervisor::AlertFilter::State::kAll;
  auto list = supervisor::list_alerts(*database_, filter);
  EXPECT_TRUE(list) << list.error().text();
  std::sort(list->begin(), list->end(), [](const AlertView& a, const AlertView& b) {
    return std::pair(a.opened_at, a.id) < std::pair(b.opened_at, b.id);
  });
  return std::move(*list);
}

std::vector<std::string> World::ledger() {
  supervisor::LedgerFilter filter;
  filter.limit = 10'000;
  auto list = supervisor::list_ledger(*database_, filter);
  EXPECT_TRUE(list) << list.error().text();
  std::vector<std::string> out;
  for (const Delivery& one : *list)
    out.push_back(fmt::format("{} {} {} {} {} {}", one.id, to_text(one.alert_id), one.receiver,
                              one.event, one.planned.ms, to_text(one.state)));
  return out;
}

}  // namespace tocsin::scenarios
