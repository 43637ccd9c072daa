// From new series to the alert that names them, and to its end: guard, watch, built-in worker and
// rule, on a virtual clock.
#include <gtest/gtest.h>

#include "pipeline/graph.h"
#include "tocsin/cardinality_watch.h"
#include "tocsin/configuration.h"

namespace tocsin {
namespace {

constexpr TimeMs kNow{1'795'411'000'000};

class House {
 public:
  House() : guard_(table_, clock_, counters_, {.series = 1000, .per = {{"service", 50}}}) {
    table_.set_gate(&guard_);
    config::Problems problems;
    const auto made = Configuration::build(config::Folder::from_texts({}, problems), "", problems);
    EXPECT_TRUE(problems.empty()) << problems.text();
    pipeline::DecisionStage::Watch watch;
    watch.decision = [this](const Decision& decision) { note(decision); };
    graph_ = std::make_unique<pipeline::Graph>(
        made->workers, table_, 2,
        pipeline::DecisionStage(rules::Engine(made->rules, table_, made->worker_names()),
                                supervisor::Supervisor(made->supervisor, made->routes, counters_),
                                std::move(watch)));
    watch_ = std::make_unique<CardinalityWatch>(
        guard_, table_, 2, [this](Batch batch) { feed(std::move(batch)); }, clock_.now());
  }

  // New series of checkout, one request id each, `per_second` of them.
  std::string run(int64_t span, int per_second) {
    story_.clear();
    for (int64_t i = 0; i < span; ++i) {
      clock_.advance(seconds(1));
      for (int n = 0; n < per_second; ++n)
        (void)table_.find_or_add(
            Labels::of("requests", {{"service", "checkout"}, {"id", std::to_string(id_++)}}), 0,
            "telegraf 10.0.0.7");
      supervisor::Changes changes;
      graph_->tick(clock_.now(), changes);
      watch_->tick(clock_.now());
    }
    return story_;
  }

 private:
  void feed(Batch batch) {
    Frame frame;
    frame.lsn = {++lsn_};
    frame.arrival = clock_.now();
    frame.batch = std::move(batch);
    supervisor::Changes changes;
    graph_->feed(frame, changes);
  }
  void note(const Decision& decision) {
    if (decision.what == Decision::What::kUpdated) return;
    story_ += decision.what == Decision::What::kOpened ? "opened " : "resolved ";
    story_ += decision.rule_id + " " + decision.scope.text() + "; ";
  }

  Counters counters_;
  ManualClock clock_{kNow};
  SeriesTable table_{10'000};
  intake::SeriesGuard guard_;
  std::unique_ptr<pipeline::Graph> graph_;
  std::unique_ptr<CardinalityWatch> watch_;
  std::string story_;
  uint64_t lsn_ = 0;
  int id_ = 0;
};

const std::string kScope = R"({grew="id",label="service",of="service=checkout",value="checkout"})";

TEST(SeriesAlert, OpensAtOnceHoldsWhileItGoesOnAndEndsWhenItStops) {
  House house;
  EXPECT_EQ(house.run(30, 1), "") << "30 of 50";
  EXPECT_EQ(house.run(15, 1), "opened tocsin-series-near-limit " + kScope + "; ");
  EXPECT_EQ(house.run(10, 1), "opened tocsin-series-refused " + kScope + "; ");
  EXPECT_EQ(house.run(600, 1), "") << "one alert, however long it goes on";
  EXPECT_EQ(house.run(80, 0), "") << "90 s without a refusal, and a minute";
  EXPECT_EQ(house.run(120, 0), "resolved tocsin-series-refused " + kScope + "; ");
  EXPECT_EQ(house.run(1300, 0), "resolved tocsin-series-near-limit " + kScope + "; ");
  EXPECT_EQ(house.run(5, 1), "opened tocsin-series-refused " + kScope + "; ") << "and again";
}

}  // namespace
}  // namespace tocsin
