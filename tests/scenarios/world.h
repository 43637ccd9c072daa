#pragma once
// All stages on a virtual clock with the real database behind them, and a record of what they did.
// The stages are driven as the shards' threads and the decision thread drive them.
// A kill is what kill -9 leaves: the last checkpoint and what was committed; nothing else.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "pipeline/decision_stage.h"
#include "pipeline/shard_stage.h"
#include "quick_start.h"
#include "supervisor/archive.h"
#include "supervisor/supervisor.h"

namespace tocsin::scenarios {

// One row for the outbox.
struct Told {
  std::string event;  // opened, updated, resolved
  std::string rule, site;
  TimeMs when;
  std::string row;  // all that the outbox is given, for comparing runs
};

struct OpenedViolation {
  std::string name, site;
  Direction direction = Direction::kAbove;
  TimeMs arrival;
  Id128 id;
};

class World {
 public:
  // `table`: the series, each at labels.hash() % shards; more may be added.
  World(const Configuration& configuration, std::unique_ptr<SeriesTable> table, uint32_t shards);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // From here on every shard takes its frames at a pace of its own, and the disk too.
  void uneven(uint64_t seed) { pace_.emplace(seed); }
  void load(const Saved& saved);
  Saved save();
  void feed(const Frame& frame);
  void tick(TimeMs now);
  // Every shard is done with all that came.
  void finish();
  // A new configuration begins with an empty frame at that time.
  void reload(const Configuration& configuration, TimeMs now);
  // From here on nothing is committed: the power goes before the disk answers.
  void commit_no_more() { committing_ = false; }
  // Only what was committed is left; then load() and the frames after what was saved.
  void kill_and_restart();
  // The same, and the configuration was edited meanwhile; the rules hear of all tests anew, at
  // `now`.
  void kill_and_restart(const Configuration& configuration, const Saved& saved, TimeMs now);
  // As a start does after the journal's tail: silence waits.
  void interrupted(TimeMs now);

  // The next frame: `points` are {series, event time, value}.
  void send(TimeMs arrival, const std::vector<Point>& points, BatchKind kind = BatchKind::kLive,
            const std::string& sender = {});
  // The next frame is a note.
  void note(TimeMs arrival, const std::string& payload);
  std::vector<Frame> journal;  // what was sent by send()
  const SeriesTable& table() const { return *table_; }
  SeriesRef series(std::string_view name, std::vector<Labels::Pair> pairs);

  std::vector<std::string> decisions;   // each as its bytes, since the last kill
  std::vector<Told> told;               // committed, since the beginning
  std::vector<OpenedViolation> opened;  // each once

  // From the database.
  std::vector<AlertView> alerts();    // oldest first
  std::vector<std::string> ledger();  // every delivery as text
  // "opened RULE SITE", "resolved RULE SITE (reason)" of all decisions, in order.
  std::vector<std::string> story() const { return story_; }

 private:
  void build();
  void take_from_inbox(uint32_t shard, size_t count);
  void pass_on();
  void commit();
  void on_begin(const pipeline::Passed& frame);
  void on_item(const StreamItem& item);
  void on_decision(const Decision& decision);

  Configuration configuration_;
  const uint32_t shards_;
  std::unique_ptr<SeriesTable> table_;
  std::string path_;
  Counters counters_;
  std::unique_ptr<state::Database> database_;
  std::vector<pipeline::ShardStage> stages_;
  std::vector<pipeline::ShardReport> reports_;
  std::unique_ptr<pipeline::Merge> merge_;
  std::unique_ptr<pipeline::DecisionStage> decide_;
  std::vector<std::deque<Frame>> inboxes_;
  std::optional<Random> pace_;
  Lsn durable_;
  supervisor::Changes changes_;
  bool committing_ = true;
  std::map<Id128, std::pair<std::string, std::string>> names_;  // alert -> rule, site
  std::vector<std::string> story_;
  Lsn last_;
  Lsn reloaded_at_;
};

}  // namespace tocsin::scenarios
