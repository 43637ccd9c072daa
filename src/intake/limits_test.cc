#include "intake/limits.h"

#include <gtest/gtest.h>

#include "config/folder.h"
#include "config/reader.h"

namespace tocsin::intake {
namespace {

IntakeLimits read(const std::string& yaml, std::vector<std::string>* messages = nullptr) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"intake.yaml", "intake:\n" + yaml}}, problems);
  IntakeLimits limits;
  for (const auto& node : folder.section("intake")) {
    config::MapReader reader(node, "intake", problems);
    read_limits(reader, limits);
  }
  for (const auto& problem : problems.list())
    if (messages != nullptr) messages->push_back(problem.message);
  return limits;
}

TEST(IntakeLimits, AreReadFromTheirSection) {
  std::vector<std::string> messages;
  const IntakeLimits limits =
      read("  key_bytes_max: 60000\n  retry_after: 5s\n  known_lines_max: 5000\n", &messages);
  EXPECT_EQ(messages, std::vector<std::string>{});
  EXPECT_EQ(limits.lines.key_bytes_max, 60'000u);
  EXPECT_EQ(limits.retry_after, seconds(5));
  EXPECT_EQ(limits.resolver.entries_max, 5000u);
  EXPECT_EQ(limits.lines.fields_max, IntakeLimits{}.lines.fields_max);
}

TEST(IntakeLimits, OutOfRangeAreProblems) {
  std::vector<std::string> messages;
  const IntakeLimits limits =
      read("  key_bytes_max: 60001\n  fields_max: 0\n  retry_after: 10ms\n", &messages);
  EXPECT_EQ(messages, (std::vector<std::string>{"key_bytes_max: 60001 is not from 64 to 60000",
                                                "fields_max: 0 is not from 1 to 2048",
                                                "retry_after: 10ms is below 1s"}));
  EXPECT_EQ(limits.lines.key_bytes_max, IntakeLimits{}.lines.key_bytes_max);
}

TEST(IntakeLimits, TheLargestStillMakeAResolver) {
  const IntakeLimits limits =
      read("  key_bytes_max: 60000\n  fields_max: 2048\n  known_lines_max: 2048\n");
  SeriesTable table(10);
  const AnnouncedSeries announced(10);
  const Resolver resolver(table, announced, 1, limits.lines, limits.resolver);
  EXPECT_EQ(resolver.entries(), 0u);
}

}  // namespace
}  // namespace tocsin::intake
