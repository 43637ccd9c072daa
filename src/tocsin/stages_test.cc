#include "tocsin/stages.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

// "name{stage} value" of the last offer.
class StagesTest : public testing::Test {
 protected:
  std::vector<std::string> tick(TimeMs now) {
    offered_.clear();
    watch_.tick(now);
    return offered_;
  }
  std::vector<Stage> stages_;
  SeriesTable table_;
  std::vector<std::string> offered_;
  StageWatch watch_{[this] { return stages_; }, table_, 2,
                    [this](const Batch& batch) {
                      for (size_t i = 0; i < batch.size(); ++i) {
                        const Labels& labels = table_.labels(batch.series[i]);
                        offered_.push_back(std::string(labels.name()) + " " +
                                           std::string(labels.get("stage")) + " " +
                                           std::to_string(static_cast<int>(batch.value[i])));
                      }
                    }};
};

using Words = std::vector<std::string>;

TEST_F(StagesTest, WhatWasRefusedBeforeTheStartIsNoNews) {
  Stage intake;
  intake.name = "intake";
  intake.refused = 7;
  stages_ = {intake};
  EXPECT_EQ(tick(TimeMs{10'000}), Words{"tocsin_stage_refused intake 0"});
  stages_[0].refused = 9;
  EXPECT_EQ(tick(TimeMs{20'000}), Words{"tocsin_stage_refused intake 2"});
  EXPECT_EQ(tick(TimeMs{30'000}), Words{"tocsin_stage_refused intake 0"});
}

TEST_F(StagesTest, AStageSaysOnlyWhatItHas) {
  Stage shard;
  shard.name = "shard 0";
  shard.lag = 12;
  Stage outbox;
  outbox.name = "outbox";
  outbox.full = 1;
  outbox.failed = 0;
  stages_ = {shard, outbox};
  EXPECT_EQ(tick(TimeMs{10'000}),
            (Words{"tocsin_stage_lag shard 0 12", "tocsin_stage_full outbox 1",
                   "tocsin_stage_failed outbox 0"}));
}

TEST(CountedStages, SumTheirCountersOverLabels) {
  Counters counters;
  counters.counter("tocsin_writes_refused_total", "reason=\"full\"", "").add(3);
  counters.counter("tocsin_writes_refused_total", "reason=\"limit\"", "").add(4);
  for (const Stage& stage : counted_stages(counters))
    if (stage.name == "intake") {
      EXPECT_EQ(stage.refused, 7u);
      EXPECT_FALSE(stage.failed);
    }
}

}  // namespace
}  // namespace tocsin
