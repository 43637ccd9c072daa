#include "supervisor/silence_archive.h"

#include <gtest/gtest.h>

#include "supervisor/test_world.h"

namespace tocsin::supervisor {
namespace {

using testing_help::decision;
using testing_help::World;

const TimeMs kStart = *parse_time("2026-11-23T09:00:00Z");

class Silences : public testing::Test {
 protected:
  Silences() : world_("silence_archive") {}

  void step(Decision::What what, TimeMs time, const std::string& rule, const std::string& site) {
    Changes changes;
    world_.supervisor->step(
        decision(what, ++lsn_, time, rule, Severity::kHigh, Labels({{"site", site}})), changes);
    world_.commit(changes);
  }
  // An alert that opened then and was over an hour later.
  void past(TimeMs time, const std::string& rule, const std::string& site) {
    step(Decision::What::kOpened, time, rule, site);
    step(Decision::What::kResolved, time + hours(1), rule, site);
  }
  std::string silence(const std::string& matcher, TimeMs now, TimeMs until) {
    Changes changes;
    const auto done =
        world_.supervisor->command({"ada", AddSilence{{matcher}, until, "works"}}, now, changes);
    EXPECT_TRUE(done) << done.error().message;
    world_.commit(changes);
    return done ? done->silence : "";
  }
  SilencePreview preview(const std::string& matcher, TimeMs since, size_t limit = 20,
                         int64_t look_at = kPreviewAlertsMax) {
    auto found =
        preview_silence(*world_.database, {*LabelMatcher::parse(matcher)}, since, limit, look_at);
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(SilencePreview());
  }

  World world_;
  uint64_t lsn_ = 0;
};

TEST_F(Silences, APreviewCountsWhatOpenedSinceAndWhatIsOpen) {
  past(kStart, "errors", "rome");  // before `since`: not counted
  past(kStart + days(2), "errors", "rome");
  past(kStart + days(3), "queue", "madrid");
  past(kStart + days(4), "queue", "rome");
  step(Decision::What::kOpened, kStart + days(5), "lag", "rome");
  const TimeMs since = kStart + days(1);
  struct Case {
    const char* name;
    const char* matcher;
    int64_t matched, open;
  };
  const Case cases[] = {
      {"a site", "site=rome", 3, 1},       {"a rule", "rule=errors", 1, 0},
      {"a regex", "rule=~\"q.*\"", 2, 0},  {"not", "site!=rome", 1, 0},
      {"severity", "severity=high", 4, 1}, {"nothing", "site=oslo", 0, 0},
  };
  for (const Case& c : cases) {
    const SilencePreview found = preview(c.matcher, since);
    EXPECT_EQ(found.matched, c.matched) << c.name;
    EXPECT_EQ(found.open, c.open) << c.name;
    EXPECT_EQ(found.first.size(), static_cast<size_t>(c.matched)) << c.name;
    EXPECT_TRUE(found.complete) << c.name;
  }
  const SilencePreview rome = preview("site=rome", since);
  ASSERT_EQ(rome.first.size(), 3u);
  EXPECT_EQ(rome.first[0].rule, "lag") << "what is open comes first";
  EXPECT_EQ(rome.first[1].rule, "queue") << "then the newest";
  EXPECT_EQ(rome.first[1].labels.get("site"), "rome");
}

TEST_F(Silences, AnOpenAlertCountsHoweverOldItIs) {
  step(Decision::What::kOpened, kStart, "lag", "rome");
  EXPECT_EQ(preview("site=rome", kStart + hours(1)).matched, 1);
}

TEST_F(Silences, APreviewSaysWhenItDidNotLookAtAll) {
  for (int i = 0; i < 5; ++i) past(kStart + hours(2 * i), "errors", "rome");
  EXPECT_TRUE(preview("site=rome", kStart, 20, 5).complete);
  const SilencePreview cut = preview("site=rome", kStart, 2, 4);
  EXPECT_FALSE(cut.complete);
  EXPECT_EQ(cut.looked_at, 4);
  EXPECT_EQ(cut.matched, 4);
  EXPECT_EQ(cut.first.size(), 2u);
}

TEST_F(Silences, WhatASilenceMutedIsListedOnceEach) {
  const std::string id = silence("site=rome", kStart, kStart + hours(8));
  step(Decision::What::kOpened, kStart + hours(1), "errors", "rome");
  step(Decision::What::kOpened, kStart + hours(2), "errors", "madrid");
  step(Decision::What::kOpened, kStart + hours(3), "queue", "rome");
  world_.restart();
  step(Decision::What::kResolved, kStart + hours(4), "queue", "rome");
  const auto hits = read_silence_hits(*world_.database, id, 10);
  ASSERT_TRUE(hits) << hits.error().message;
  ASSERT_EQ(hits->size(), 2u);
  EXPECT_EQ((*hits)[0].rule, "queue");
  EXPECT_EQ((*hits)[0].state, AlertState::kResolved);
  EXPECT_EQ((*hits)[0].at, kStart + hours(3));
  EXPECT_EQ((*hits)[1].rule, "errors");
  EXPECT_EQ(read_silence_hits(*world_.database, id, 1)->size(), 1u);
  EXPECT_TRUE(read_silence_hits(*world_.database, "none", 10)->empty());
}

TEST_F(Silences, OneIsReadByItsIdAlsoAfterItsEnd) {
  const std::string id = silence("site=rome", kStart, kStart + hours(1));
  Changes changes;
  world_.supervisor->advance(kStart + hours(2), changes);
  world_.commit(changes);
  const auto found = read_silence(*world_.database, id);
  ASSERT_TRUE(found && *found);
  EXPECT_TRUE((*found)->ended);
  EXPECT_EQ((*found)->matchers.size(), 1u);
  EXPECT_FALSE(*read_silence(*world_.database, "none"));
}

}  // namespace
}  // namespace tocsin::supervisor
