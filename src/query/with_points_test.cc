#include "query/with_points.h"

#include "query/test_store.h"

namespace tocsin::query {
namespace {

using Refs = std::vector<SeriesRef>;

TEST(WithPoints, WhatIsGoneOrNotYetThereIsLeftOut) {
  TestStore t;
  const SeriesRef old = t.put(Labels::of("old"), 1'000'000, 1);
  const SeriesRef both = t.put(Labels::of("both"), 1'000'000, 1);
  t.flush();
  t.put(Labels::of("both"), 90'000'000, 1);
  const SeriesRef young = t.put(Labels::of("young"), 90'000'000, 1);
  const Refs all{old, both, young};
  struct Row {
    const char* name;
    int64_t from, to;
    Refs expected;
  };
  const Row rows[] = {
      {"all time", 0, 100'000'000, all},
      {"recently", 80'000'000, 100'000'000, {both, young}},
      {"long ago, on disk", 0, 2'000'000, {old, both}},
      {"both ends are included", 1'000'000, 1'000'000, {old, both}},
      {"between", 2'000'000, 80'000'000, {}},
      {"the wrong way round", 100, 50, {}},
  };
  for (const Row& row : rows)
    EXPECT_EQ(with_points(t.parts(), all, TimeMs{row.from}, TimeMs{row.to}, {}), row.expected)
        << row.name;
}

}  // namespace
}  // namespace tocsin::query
