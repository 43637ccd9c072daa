#include "replay/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

namespace tocsin::replay {
namespace {

using supervisor::OperatorMark;
using testing::ElementsAre;

constexpr TimeMs kTen{1'795'428'000'000};
constexpr int64_t kOpen = -1;  // an end that has not come

TimeMs at(int64_t minute) { return kTen + minutes(minute); }

struct Span {
  std::string of;  // "rule site", "worker series"
  int64_t opened, ended;
};

std::pair<std::string, std::string> words(const std::string& text) {
  const size_t blank = text.find(' ');
  return {text.substr(0, blank), text.substr(blank + 1)};
}

Report report_of(const std::vector<Span>& alerts, const std::vector<Span>& violations = {}) {
  Report out;
  for (const Span& span : alerts) {
    const auto [rule, site] = words(span.of);
    ReplayedAlert one;
    Decision opened;
    opened.rule_id = rule;
    opened.scope = Labels({Labels::Pair{"site", site}});
    one.alert.opened = opened;
    one.alert.opened_at = at(span.opened);
    if (span.ended != kOpen) one.alert.resolved_at = at(span.ended);
    out.alerts.push_back(one);
  }
  for (const Span& span : violations) {
    const auto [worker, series] = words(span.of);
    ReplayedViolation one;
    one.worker = worker;
    one.series = Labels::of(series);
    one.violation.opened = at(span.opened);
    if (span.ended != kOpen) one.violation.ended = at(span.ended);
    out.opened.push_back(one);
    ++out.violations;
  }
  return out;
}

std::string said(const Diff& diff, const Report& base, const Report& tried) {
  std::string out;
  for (const AlertChange& change : diff.alerts) {
    const AlertView& alert =
        change.base ? base.alerts[*change.base].alert : tried.alerts[*change.tried].alert;
    out += (out.empty() ? "" : ", ") + alert.opened->rule_id + " " +
           std::string(alert.opened->scope.get("site")) + " " + std::string(to_text(change.kind));
    if (change.by.count > 0) out += " " + to_text(change.by);
  }
  return out;
}

struct Row {
  const char* name;
  std::vector<Span> base, tried;
  const char* expected;
};

class Compare : public testing::TestWithParam<Row> {};

TEST_P(Compare, Alerts) {
  const Report base = report_of(GetParam().base), tried = report_of(GetParam().tried);
  EXPECT_EQ(said(compare(base, tried), base, tried), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Compare,
    testing::Values(Row{"Nothing", {}, {}, ""},
                    Row{"Same", {{"r a", 0, 5}}, {{"r a", 0, 9}}, "r a same"},
                    Row{"Gained", {}, {{"r a", 0, 5}}, "r a gained"},
                    Row{"Lost", {{"r a", 0, 5}}, {}, "r a lost"},
                    Row{"Earlier", {{"r a", 3, 9}}, {{"r a", 1, 4}}, "r a earlier 2m"},
                    Row{"Later", {{"r a", 3, 9}}, {{"r a", 7, 30}}, "r a later 4m"},
                    Row{"AnotherScope", {{"r a", 0, 5}}, {{"r b", 0, 5}}, "r a lost, r b gained"},
                    Row{"AnotherRule", {{"r a", 0, 5}}, {{"s a", 0, 5}}, "r a lost, s a gained"},
                    Row{"ApartInTime", {{"r a", 0, 5}}, {{"r a", 6, 9}}, "r a lost, r a gained"},
                    Row{"TouchingIsOne", {{"r a", 0, 5}}, {{"r a", 5, 9}}, "r a later 5m"},
                    Row{"StillOpen", {{"r a", 0, kOpen}}, {{"r a", 90, kOpen}}, "r a later 1h30m"},
                    Row{"OneBecomesThree",
                        {{"r a", 0, 30}},
                        {{"r a", 0, 5}, {"r a", 10, 15}, {"r a", 20, 25}},
                        "r a same, r a gained, r a gained"},
                    Row{"ThreeBecomeOne",
                        {{"r a", 1, 5}, {"r a", 10, 15}, {"r a", 20, 25}},
                        {{"r a", 0, 30}},
                        "r a earlier 1m, r a lost, r a lost"},
                    Row{"InTheOrderOfTime",
                        {{"z a", 1, 2}, {"b a", 8, 9}},
                        {{"a a", 4, 5}, {"b a", 6, 9}},
                        "z a lost, a a gained, b a earlier 2m"}),
    [](const auto& row) { return row.param.name; });

TEST(Compare, ViolationsByWorker) {
  const Report base = report_of({}, {{"w x", 0, 5}, {"w y", 0, 5}, {"w z", 3, 5}, {"old x", 0, 1}});
  const Report tried = report_of({}, {{"w x", 0, 5}, {"w y", 9, 10}, {"w z", 1, 5}});
  const Diff diff = compare(base, tried);
  ASSERT_EQ(diff.workers.size(), 2U);
  EXPECT_EQ(diff.workers[0].worker, "old");
  EXPECT_EQ(diff.workers[0].base, 1U);
  EXPECT_EQ(diff.workers[0].tried, 0U);
  EXPECT_EQ(diff.workers[1].base, 3U);
  EXPECT_EQ(diff.workers[1].tried, 3U);
  EXPECT_EQ(diff.workers[1].counts,
            (ChangeCounts{.gained = 1, .lost = 1, .earlier = 1, .later = 0, .same = 1}));
  EXPECT_TRUE(diff.all_violations);
}

TEST(Compare, SaysThatNotAllViolationsWereKept) {
  const Report base = report_of({}, {{"w x", 0, 5}});
  Report tried = base;
  tried.violations = 7;
  EXPECT_FALSE(compare(base, tried).all_violations);
}

OperatorMark mark(OperatorMark::Verdict verdict, const Span& span) {
  OperatorMark out;
  const auto [rule, site] = words(span.of);
  out.verdict = verdict;
  out.rule = rule;
  out.labels = Labels({Labels::Pair{"site", site}});
  out.opened = at(span.opened);
  out.ended = span.ended == kOpen ? TimeMs{} : at(span.ended);
  out.at = at(span.opened + 1);
  out.models = {{"w", "level"}};
  return out;
}

constexpr auto kUseful = OperatorMark::Verdict::kUseful;
constexpr auto kNoise = OperatorMark::Verdict::kNoise;

TEST(Score, UsefulOnesAreKeptAndNoiseIsGone) {
  const Report base = report_of({{"r a", 10, 20}, {"r a", 40, 50}, {"r b", 10, 20}});
  const Report tried = report_of({{"r a", 8, 20}, {"s b", 10, 20}});
  const std::vector<OperatorMark> marks{
      mark(kUseful, {"r a", 10, 20}), mark(kUseful, {"r a", 70, 80}), mark(kNoise, {"r a", 40, 50}),
      mark(kNoise, {"r b", 10, kOpen})};
  const Score found = score(marks, {at(0), at(100), "site", "", "", {}}, base, tried);
  EXPECT_EQ(found.alerts.useful, 2U);
  EXPECT_EQ(found.alerts.useful_base, 1U);
  EXPECT_EQ(found.alerts.useful_tried, 1U);
  EXPECT_EQ(found.alerts.noise, 2U);
  EXPECT_EQ(found.alerts.noise_base, 2U);
  EXPECT_EQ(found.alerts.noise_tried, 0U);
  EXPECT_EQ(found.alerts.both, 1U);
  EXPECT_EQ(found.alerts.gained, minutes(2));
  EXPECT_EQ(found.violations.useful, 0U);
}

TEST(Score, AsksOnlyForWhatWasReplayed) {
  const std::vector<OperatorMark> marks{mark(kUseful, {"r a", 10, 20}),
                                        mark(kUseful, {"s b", 30, 40})};
  const auto asked = [&](const MarkScope& scope) {
    return score(marks, scope, {}, {}).alerts.useful;
  };
  EXPECT_EQ(asked({at(0), at(100), "site", "", "", {}}), 2U);
  EXPECT_EQ(asked({at(25), at(100), "site", "", "", {}}), 1U) << "over before the begin";
  EXPECT_EQ(asked({at(0), at(30), "site", "", "", {}}), 1U) << "begins at the end";
  EXPECT_EQ(asked({at(0), at(100), "site", "a", "", {}}), 1U);
  EXPECT_EQ(asked({at(0), at(100), "site", "", "other", {}}), 0U) << "lit by another worker";
  EXPECT_EQ(asked({at(0), at(100), "site", "", "w", {"s"}}), 1U);
}

TEST(Score, ViolationsByWorkerAndSeries) {
  OperatorMark noise;
  noise.of = OperatorMark::Of::kViolation;
  noise.verdict = kNoise;
  noise.worker = "w";
  noise.labels = Labels::of("x");
  noise.opened = at(0);
  noise.ended = at(5);
  const std::vector<OperatorMark> marks{noise};
  const MarkScope all{at(0), at(100), "site", "", "", {}};
  const Report base = report_of({}, {{"w x", 1, 5}}), tried = report_of({}, {{"w y", 1, 5}});
  EXPECT_EQ(score(marks, all, base, tried).violations.noise_base, 1U);
  EXPECT_EQ(score(marks, all, base, tried).violations.noise_tried, 0U);
}

// ---- Properties, over episodes as they come: overlapping, touching, of few keys.

std::vector<Episode> any_episodes() {
  std::vector<Episode> out;
  for (int i = *rc::gen::inRange(0, 12); i > 0; --i) {
    const int64_t opened = *rc::gen::inRange(0, 30);
    const int64_t ended = opened + *rc::gen::inRange(0, 8);
    out.push_back({*rc::gen::element<std::string>("a", "b"), at(opened),
                   *rc::gen::inRange(0, 8) == 0 ? kTimeMax : at(ended)});
  }
  return out;
}

RC_GTEST_PROP(Match, ARunWithItselfIsTheSame, ()) {
  const std::vector<Episode> all = any_episodes();
  const auto pairs = match(all, all);
  RC_ASSERT(pairs.size() == all.size());
  for (const EpisodePair& pair : pairs) RC_ASSERT(pair.base == pair.tried);
}

RC_GTEST_PROP(Match, ExchangedItIsMirrored, ()) {
  const std::vector<Episode> a = any_episodes(), b = any_episodes();
  std::set<std::pair<std::optional<size_t>, std::optional<size_t>>> there, back;
  for (const EpisodePair& pair : match(a, b)) there.emplace(pair.base, pair.tried);
  for (const EpisodePair& pair : match(b, a)) back.emplace(pair.tried, pair.base);
  RC_ASSERT(there == back);
}

RC_GTEST_PROP(Match, EveryoneOnceAndPairsOverlap, ()) {
  const std::vector<Episode> a = any_episodes(), b = any_episodes();
  std::set<size_t> base, tried;
  for (const EpisodePair& pair : match(a, b)) {
    RC_ASSERT(pair.base || pair.tried);
    if (pair.base) RC_ASSERT(base.insert(*pair.base).second);
    if (pair.tried) RC_ASSERT(tried.insert(*pair.tried).second);
    if (!pair.base || !pair.tried) continue;
    const Episode &x = a[*pair.base], &y = b[*pair.tried];
    RC_ASSERT(x.key == y.key);
    RC_ASSERT(x.opened <= y.ended);
    RC_ASSERT(y.opened <= x.ended);
  }
  RC_ASSERT(base.size() == a.size());
  RC_ASSERT(tried.size() == b.size());
}

// Episodes of one rule and scope never overlap each other: then nothing that has a partner which
// nobody else wants stays alone.
RC_GTEST_PROP(Match, NobodyIsLeftAloneBesideAFreePartner, ()) {
  const auto disjoint = [] {
    std::vector<Episode> out;
    int64_t now = 0;
    for (int i = *rc::gen::inRange(0, 10); i > 0; --i) {
      const int64_t opened = now + *rc::gen::inRange(1, 6);
      now = opened + *rc::gen::inRange(0, 6);
      out.push_back({"a", at(opened), at(now)});
    }
    return out;
  };
  const std::vector<Episode> a = disjoint(), b = disjoint();
  std::vector<size_t> lost, gained;
  for (const EpisodePair& pair : match(a, b)) {
    if (!pair.tried) lost.push_back(*pair.base);
    if (!pair.base) gained.push_back(*pair.tried);
  }
  for (const size_t i : lost)
    for (const size_t j : gained) RC_ASSERT(a[i].ended < b[j].opened || b[j].ended < a[i].opened);
}

}  // namespace
}  // namespace tocsin::replay
