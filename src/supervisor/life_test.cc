// Random decisions, commands, waits, restarts and crashes before the commit, against the naive
// model: the same is told, once, and the same is open, in memory and in the database.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "supervisor/life_model.h"
#include "supervisor/test_world.h"

namespace tocsin::supervisor {
namespace {

using testing_help::LifeModel;
using testing_help::World;

Options options() {
  Options out;
  out.cover_slack = testing_help::kSlack;
  out.expire_after = testing_help::kExpire;
  out.recent_max = 3;  // so that closed ones leave the memory
  // The model knows neither: testdata/flapping*.txt and storm.txt do.
  out.flapping.changes = 0;
  out.storm.openings = 0;
  return out;
}

// The real thing: gives the model's words for what it told.
class Pair {
 public:
  Pair() : world_("life", options()) {}

  void one_step() {
    now_ = now_ + *rc::gen::element(milliseconds(0), seconds(1), seconds(30), milliseconds(59'999),
                                    seconds(60), minutes(5), minutes(119));
    switch (*rc::gen::inRange(0, 12)) {
      case 0:
      case 1:
      case 2:
        return decide(Decision::What::kOpened);
      case 3:
        return decide(Decision::What::kUpdated);
      case 4:
      case 5:
        return decide(Decision::What::kResolved);
      case 6:
        return pass();
      case 7:
        return silence();
      case 8:
        return unsilence();
      case 9:
        return acknowledge();
      case 10:
        return close_by_hand();
      default:
        return restart();
    }
  }

  void compare() {
    std::sort(told_.begin(), told_.end());
    std::sort(model_.told.begin(), model_.told.end());
    RC_ASSERT(told_ == model_.told);
    told_.clear();
    model_.told.clear();
    AlertFilter all;
    const auto open = world_.supervisor->alerts(all);
    const auto kept = list_alerts(*world_.database, all);
    RC_ASSERT(kept.has_value());
    RC_ASSERT(open.size() == kept->size());
    size_t expected = 0;
    for (const auto& alert : model_.alerts) expected += alert.open ? 1 : 0;
    RC_ASSERT(open.size() == expected);
    for (size_t i = 0; i < open.size(); ++i) {
      RC_ASSERT(open[i]->id == (*kept)[i].id);  // the same order, too
      compare(*open[i]);
      compare((*kept)[i]);
    }
  }

 private:
  void compare(const AlertView& view) {
    const LifeModel::Alert* alert = model_.find(view.opened->rule_id, site(view));
    RC_ASSERT(alert != nullptr);
    RC_ASSERT(view.opened_at == alert->opened_at);
    RC_ASSERT(view.silenced_by.empty() == !alert->silence.has_value());
    RC_ASSERT(view.acknowledged_by.empty() == !alert->acknowledged);
    RC_ASSERT(view.covered_by.has_value() == alert->parent.has_value());
    if (view.covered_by) {
      const auto parent = world_.supervisor->find(*view.covered_by);
      RC_ASSERT(parent != nullptr);
      RC_ASSERT(parent->opened->rule_id == model_.alerts[*alert->parent].rule);
    }
  }

  static std::string site(const AlertView& view) {
    return std::string(view.opened->scope.get("site"));
  }
  static std::string any_rule() { return *rc::gen::element<std::string>("p", "c", "d"); }
  static std::string any_site() { return *rc::gen::element<std::string>("rome", "oslo"); }
  // Whether the program is killed before the commit of this step.
  static bool killed() { return *rc::gen::inRange(0, 5) == 0; }

  void keep(const Changes& changes) {
    world_.commit(changes);
    for (const NotificationIntent& intent : changes.intents) {
      if (intent.event == Event::kUpdated) continue;
      std::shared_ptr<const AlertView> view;
      for (const auto& changed : changes.changed())
        if (changed->id == intent.alert_id) view = changed;
      RC_ASSERT(view != nullptr);
      told_.push_back(std::string(to_text(intent.event)) + " " + view->opened->rule_id + " " +
                      site(*view));
    }
    for (const Silence& silence : changes.silences)
      if (silence.ended) std::erase(silence_ids_, silence.id);
  }

  void decide(Decision::What what) {
    const std::string rule = any_rule(), where = any_site();
    // Some share their position with the ones before, as two rules that one row lights do.
    const bool shared = *rc::gen::arbitrary<bool>() && !decisions_.empty() &&
                        decisions_.back().time == now_ && !at_position_.contains(rule + where);
    if (!shared) {
      ++lsn_;
      at_position_.clear();
    }
    at_position_.insert(rule + where);
    Labels scope({Labels::Pair{"site", where}});
    decisions_.push_back(testing_help::decision(what, lsn_, now_, rule, Severity::kHigh, scope,
                                                testing_help::covered_rules(rule)));
    if (what == Decision::What::kOpened) model_.opened(rule, where, now_);
    if (what == Decision::What::kUpdated) model_.updated(rule, where, now_);
    if (what == Decision::What::kResolved) model_.resolved(rule, where, now_);
    Changes changes;
    world_.supervisor->step(decisions_.back(), changes);
    killed() ? replay() : keep(changes);
  }

  // Comes back with what was committed; the rules give their decisions again from somewhere before.
  void replay() {
    world_.restart();
    const size_t from = *rc::gen::inRange<size_t>(0, decisions_.size());
    for (size_t i = from; i < decisions_.size(); ++i) {
      Changes changes;
      world_.supervisor->step(decisions_[i], changes);
      keep(changes);
    }
  }
  void restart() {
    world_.restart();
    if (!decisions_.empty()) replay();
    pass();
  }
  void pass() {
    model_.advance(now_);
    Changes changes;
    world_.supervisor->advance(now_, changes);
    keep(changes);
  }

  // A command that is lost with the program was never answered: it did not happen.
  bool command(const Command& command, CommandDone* done = nullptr) {
    if (killed()) {
      Changes lost;
      (void)world_.supervisor->command(command, now_, lost);
      world_.restart();
      return false;
    }
    Changes changes;
    const auto result = world_.supervisor->command(command, now_, changes);
    keep(changes);
    accepted_ = result.has_value();
    if (result && done != nullptr) *done = *result;
    return true;
  }
  Id128 open_alert(const std::string& rule, const std::string& where) const {
    for (const auto& view : world_.supervisor->alerts({}))
      if (view->opened->rule_id == rule && site(*view) == where) return view->id;
    return {};
  }
  void acknowledge() {
    const std::string rule = any_rule(), where = any_site();
    pass();
    if (command({"ada", Acknowledge{open_alert(rule, where), ""}}))
      RC_ASSERT(accepted_ == model_.acknowledge(rule, where, now_));
    pass();
  }
  void close_by_hand() {
    const std::string rule = any_rule(), where = any_site();
    pass();
    if (command({"ada", Resolve{open_alert(rule, where), "enough"}}))
      RC_ASSERT(accepted_ == model_.close_by_hand(rule, where, now_));
    pass();
  }
  void silence() {
    const std::string label = *rc::gen::element<std::string>("rule", "site");
    const std::string value = label == "rule" ? any_rule() : any_site();
    const TimeMs until = now_ + *rc::gen::element(seconds(1), minutes(10), hours(5));
    CommandDone done;
    const std::string comment = "number " + std::to_string(model_.silences.size());
    if (command({"ada", AddSilence{{label + "=" + value}, until, comment}}, &done)) {
      model_.silence(label, value, until, now_);
      silence_ids_.push_back(done.silence);
      ids_.push_back(done.silence);
    }
    pass();
  }
  void unsilence() {
    pass();
    if (silence_ids_.empty()) return;
    const std::string id = *rc::gen::elementOf(silence_ids_);
    const auto index = std::find(ids_.begin(), ids_.end(), id) - ids_.begin();
    if (command({"bob", RemoveSilence{id}})) model_.unsilence(static_cast<size_t>(index), now_);
  }

  World world_;
  LifeModel model_;
  std::deque<Decision> decisions_;
  std::set<std::string> at_position_;  // rule and site of those at the last position
  std::vector<std::string> told_, silence_ids_, ids_;
  TimeMs now_ = *parse_time("2026-11-23T10:00:00Z");
  uint64_t lsn_ = 0;
  bool accepted_ = false;
};

RC_GTEST_PROP(Life, IsThatOfTheModelWhateverCrashes, ()) {
  Pair pair;
  const int steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps; ++i) {
    pair.one_step();
    pair.compare();
  }
}

}  // namespace
}  // namespace tocsin::supervisor
