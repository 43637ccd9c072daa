// The same frames give the same bytes, however many shards, whatever their pace, ticks or none.
#include <gtest/gtest.h>

#include "drive.h"
#include "pipeline/graph.h"
#include "supervisor/codec.h"

namespace tocsin::scenarios {
namespace {

struct Way {
  std::string name;
  uint32_t shards = 2;
  bool ticks = true;
  uint64_t uneven = 0;  // seed; 0 = even
};
void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

std::vector<std::string> decisions_of(const Way& way) {
  QuickStart& house = quick_start(settings()[0]);
  World world(house.configuration(), house.table(way.shards), way.shards);
  world.load(house.trained());
  if (way.uneven != 0) world.uneven(way.uneven);
  const std::vector<Frame> frames = house.live();
  if (way.ticks)
    play(world, frames);
  else
    for (const Frame& frame : frames) world.feed(frame);
  world.finish();
  return world.decisions;
}

const std::vector<std::string>& standard() {
  static const std::vector<std::string> made = decisions_of({"standard"});
  return made;
}

class Ways : public testing::TestWithParam<Way> {};

TEST_P(Ways, GiveTheSameBytes) {
  const std::vector<std::string> got = decisions_of(GetParam());
  ASSERT_GT(standard().size(), 6U);
  ASSERT_EQ(got.size(), standard().size());
  for (size_t i = 0; i < got.size(); ++i)
    ASSERT_TRUE(got[i] == standard()[i]) << "decision " << i << " differs";
}
INSTANTIATE_TEST_SUITE_P(All, Ways,
                         testing::Values(Way{"again"}, Way{"one_shard", 1}, Way{"three_shards", 3},
                                         Way{"without_ticks", 2, false},
                                         Way{"uneven_shards", 3, true, 7},
                                         Way{"uneven_without_ticks", 2, false, 8}),
                         [](const testing::TestParamInfo<Way>& one) { return one.param.name; });

// Replay and recovery use pipeline::Graph instead of threads with inboxes.
TEST(Graph, GivesTheSameBytes) {
  QuickStart& house = quick_start(settings()[0]);
  const Configuration& configuration = house.configuration();
  const auto table = house.table(2);
  Counters counters;
  std::vector<std::string> got;
  pipeline::DecisionStage::Watch watch;
  watch.decision = [&](const Decision& decision) { got.push_back(supervisor::encode(decision)); };
  pipeline::Graph graph(
      configuration.workers, *table, 2,
      {rules::Engine(configuration.rules, *table, configuration.worker_names()),
       supervisor::Supervisor(configuration.supervisor, configuration.routes, counters), watch});
  for (uint32_t shard = 0; shard < 2; ++shard)
    for (const std::string& models : house.trained().models) {
      ByteReader in(models);
      ASSERT_TRUE(graph.shard(shard).streamer().load(in));
    }
  supervisor::Changes changes;
  for (const Frame& frame : house.live()) graph.feed(frame, changes);
  EXPECT_TRUE(got == standard());
}

}  // namespace
}  // namespace tocsin::scenarios
