#include "rules/sentence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tocsin::rules {
namespace {

constexpr double kNone = std::numeric_limits<double>::infinity();
constexpr TimeMs kNow{1'000'000};

Violation band(Direction direction, double value, double expected, double lower, double upper) {
  Violation out;
  out.direction = direction;
  out.opened = kNow - seconds(16);
  out.updated = kNow;
  out.last = {kNow, value, expected, lower, upper, 7.2, -4, true, {}};
  out.points_outside = 2;
  return out;
}

Violation forecast(DurationMs expected, DurationMs earliest, DurationMs latest) {
  Violation out = band(Direction::kAbove, 81, 80, -kNone, 79);
  out.outlook = Outlook{95, expected, earliest, latest};
  return out;
}

Violation shift(double before, double after, DurationMs since) {
  Violation out = band(Direction::kAbove, 133, 100, 94, 106);
  out.shift = Shift{kNow - since, before, after};
  return out;
}

Violation silence(int64_t for_seconds) {
  Violation out;
  out.direction = Direction::kSilent;
  out.opened = out.updated = kNow - seconds(for_seconds);
  out.cadence = seconds(2);
  return out;
}

struct WordsCase {
  const char* name;
  Violation violation;
  const char* with_band;
  const char* evidence;
};
class DeviationWords : public testing::TestWithParam<WordsCase> {};

TEST_P(DeviationWords, ReadLikeThis) {
  EXPECT_EQ(deviation_words(GetParam().violation, kNow, true), GetParam().with_band);
  EXPECT_EQ(evidence_words(GetParam().violation, kNow, 3), GetParam().evidence);
}

INSTANTIATE_TEST_SUITE_P(
    All, DeviationWords,
    testing::Values(
        WordsCase{"below", band(Direction::kBelow, 58, 135, 118, 151),
                  "57 % below the expected 118–151",
                  "58 under 118; score 7.2; 2 of 3 points outside, 16 s"},
        WordsCase{"below_zero", band(Direction::kBelow, -30, 20, -5, 45), "-30 under -5",
                  "-30 under -5; score 7.2; 2 of 3 points outside, 16 s"},
        WordsCase{"negative_band", band(Direction::kBelow, -40, -20, -25, -15),
                  "100 % below the expected -25 to -15",
                  "-40 under -25; score 7.2; 2 of 3 points outside, 16 s"},
        WordsCase{"above_by_percent", band(Direction::kAbove, 131, 78, 60, 96),
                  "68 % above the expected 60–96",
                  "131 over 96; score 7.2; 2 of 3 points outside, 16 s"},
        WordsCase{"just_below_twice", band(Direction::kAbove, 199, 100, 90, 110),
                  "99 % above the expected 90–110",
                  "199 over 110; score 7.2; 2 of 3 points outside, 16 s"},
        WordsCase{"twice", band(Direction::kAbove, 200, 100, 90, 110),
                  "2× above the expected 90–110",
                  "200 over 110; score 7.2; 2 of 3 points outside, 16 s"},
        WordsCase{"times", band(Direction::kAbove, 340, 100, 90, 110),
                  "3.4× above the expected 90–110",
                  "340 over 110; score 7.2; 2 of 3 points outside, 16 s"},
        WordsCase{"expected_zero", band(Direction::kAbove, 12, 0, 0, 3), "12 over 3",
                  "12 over 3; score 7.2; 2 of 3 points outside, 16 s"},
        WordsCase{"limit_above", band(Direction::kAbove, 93, NAN, -kNone, 90), "93 over 90",
                  "93 over 90; score 7.2; 2 of 3 points outside, 16 s"},
        WordsCase{"open_band", band(Direction::kBelow, 60, 100, 80, kNone),
                  "40 % below the expected 80 or more",
                  "60 under 80; score 7.2; 2 of 3 points outside, 16 s"},
        WordsCase{"tiny", band(Direction::kAbove, 100.4, 100, 99.9, 100.1),
                  "less than 1 % above the expected 99.9–100",
                  "100 over 100; score 7.2; 2 of 3 points outside, 16 s"},
        WordsCase{"forecast", forecast(minutes(191), minutes(138), minutes(302)),
                  "reaches 95 in 3 h 10 min (2 h 20 min to 5 h)",
                  "reaches 95 in 3 h 10 min (2 h 20 min to 5 h), 81 now; score 7.2; 2 of 3 points "
                  "outside, 16 s"},
        WordsCase{"forecast_open_end", forecast(minutes(47), minutes(12), Outlook::kNever),
                  "reaches 95 in 45 min (10 min at the earliest)",
                  "reaches 95 in 45 min (10 min at the earliest), 81 now; score 7.2; 2 of 3 "
                  "points outside, 16 s"},
        WordsCase{"forecast_narrow", forecast(hours(49), hours(49), hours(49)),
                  "reaches 95 in 2 d 1 h",
                  "reaches 95 in 2 d 1 h, 81 now; score 7.2; 2 of 3 points outside, 16 s"},
        WordsCase{"forecast_at_the_earliest",
                  forecast(Outlook::kNever, minutes(125), Outlook::kNever),
                  "may reach 95 in 2 h 10 min",
                  "may reach 95 in 2 h 10 min, 81 now; score 7.2; 2 of 3 points outside, 16 s"},
        WordsCase{"limit_reached", forecast({}, {}, {}), "has reached 95",
                  "has reached 95, 81 now; score 7.2; 2 of 3 points outside, 16 s"},
        WordsCase{"forecast_over", forecast(Outlook::kNever, Outlook::kNever, Outlook::kNever),
                  "no longer nears 95",
                  "no longer nears 95, 81 now; score 7.2; 2 of 3 points outside, 16 s"},
        WordsCase{"shift", shift(100, 130, minutes(26)), "at 130 instead of 100 for 25 min",
                  "at 130 instead of 100 for 25 min, 133 now; score 7.2; 2 of 3 points outside, "
                  "16 s"},
        WordsCase{"silent", silence(12), "silent for 12 s", "no point for 12 s, cadence 2 s"}),
    [](const auto& each) { return each.param.name; });

TEST(SpanWords, KeepTheTwoLargestUnits) {
  EXPECT_EQ(span_words(milliseconds(-5)), "0 ms");
  EXPECT_EQ(span_words(milliseconds(999)), "999 ms");
  EXPECT_EQ(span_words(milliseconds(1999)), "1 s");
  EXPECT_EQ(span_words(seconds(60)), "1 min");
  EXPECT_EQ(span_words(seconds(3661)), "1 h 1 min");
  EXPECT_EQ(span_words(seconds(3601)), "1 h");
  EXPECT_EQ(span_words(days(3) + hours(5) + minutes(3)), "3 d 5 h");
}

JudgedViolation judged(Labels labels, Violation violation) {
  JudgedViolation out;
  out.labels = std::move(labels);
  out.violation = std::move(violation);
  return out;
}

std::string said(const std::vector<JudgedViolation>& violations, bool global = false,
                 Momentum::Trend trend = Momentum::Trend::kUnknown) {
  const Labels scope(global ? std::vector<Labels::Pair>{}
                            : std::vector<Labels::Pair>{{"site", "madrid"}});
  return sentence({violations, scope, global, "site", trend, kNow});
}

Violation drop() { return band(Direction::kBelow, 58, 135, 118, 151); }

TEST(Sentence, SaysWhatWhereHowFarAndWhereto) {
  const Labels pay = Labels::of("payments_ok", {{"site", "madrid"}});
  EXPECT_EQ(said({judged(pay, drop()),
                  judged(Labels::of("psp_adapter_up", {{"site", "madrid"}}), silence(12)),
                  judged(Labels::of("errors"), band(Direction::kAbove, 340, 100, 90, 110)),
                  judged(Labels::of("logins"), drop()), judged(Labels::of("bets"), drop())},
                 false, Momentum::Trend::kWorsening),
            "payments_ok in madrid 57 % below the expected 118–151, worsening, "
            "psp_adapter_up silent, errors 3.4× above, 2 more");
}

TEST(Sentence, SaysTheTimeLeft) {
  const auto disk = [](Violation violation) {
    return judged(Labels::of("disk_used", {{"site", "madrid"}}), std::move(violation));
  };
  Violation violation = forecast(minutes(191), minutes(138), minutes(302));
  EXPECT_EQ(said({disk(violation)}),
            "disk_used in madrid reaches 95 in 3 h 10 min (2 h 20 min to 5 h)");
  EXPECT_EQ(said({judged(Labels::of("bets"), drop()), disk(violation)}),
            "bets in madrid 57 % below the expected 118–151, disk_used reaches 95 in 3 h 10 min");
  violation.state = ViolationState::kAbsent;
  violation.last.time = kNow - minutes(4);
  EXPECT_EQ(said({disk(violation)}),
            "disk_used in madrid by its last data reaches 95 in 3 h 10 min (2 h 20 min to 5 h), no "
            "data for 4 min");
  violation.state = ViolationState::kEnded;
  EXPECT_EQ(said({disk(violation)}), "disk_used in madrid is back to normal");
}

TEST(Sentence, NamesWhatTellsSeriesApart) {
  const auto cpu = [](const char* host) {
    return judged(Labels::of("cpu", {{"site", "madrid"}, {"host", host}}), drop());
  };
  EXPECT_EQ(said({cpu("web1")}), "cpu (web1) in madrid 57 % below the expected 118–151");
  EXPECT_EQ(said({cpu("web1"), cpu("web2"), cpu("web3")}),
            "cpu (3 series) in madrid 57 % below the expected 118–151");
}

TEST(Sentence, NamesASenderByWhoItIs) {
  Violation violation = silence(130);
  violation.last.value = 41;
  const Labels host = Labels::of(
      kSenderSeriesName, {{"sender", "telegraf 10.0.0.3"}, {"host", "web-3"}, {"site", "madrid"}});
  const Labels address = Labels::of(kSenderSeriesName, {{"sender", "telegraf 10.0.0.3"}});
  EXPECT_EQ(said({judged(host, violation)}),
            "telegraf on web-3 in madrid sends nothing for 2 min 10 s (41 series)");
  EXPECT_EQ(said({judged(address, violation)}, true),
            "telegraf on 10.0.0.3 sends nothing for 2 min 10 s (41 series)");
  EXPECT_EQ(said({judged(Labels::of("bets"), drop()), judged(host, violation)}),
            "bets in madrid 57 % below the expected 118–151, telegraf on web-3 silent");
  violation.state = ViolationState::kEnded;
  EXPECT_EQ(said({judged(host, violation)}), "telegraf on web-3 in madrid sends again");
}

TEST(Sentence, NamesThePlacesOfAGlobalAlert) {
  std::vector<JudgedViolation> list;
  const auto add = [&](const char* site) {
    list.push_back(judged(Labels::of("logins", {{"site", site}}), drop()));
  };
  add("rome");
  EXPECT_EQ(said(list, true), "logins in rome 57 % below the expected 118–151");
  add("malta");
  add("lagos");
  EXPECT_EQ(said(list, true),
            "logins (3 series) in lagos, malta and rome 57 % below the expected 118–151");
  add("london");
  EXPECT_EQ(said(list, true), "logins (4 series) in 4 places 57 % below the expected 118–151");
}

TEST(Sentence, TellsTheEndAndAbsenceApart) {
  Violation over = drop();
  over.state = ViolationState::kEnded;
  EXPECT_EQ(said({judged(Labels::of("logins"), over)}, false, Momentum::Trend::kRecovering),
            "logins in madrid is back to normal");
  Violation gone = drop();
  gone.state = ViolationState::kAbsent;
  gone.last.time = kNow - minutes(3);
  EXPECT_EQ(said({judged(Labels::of("logins"), gone)}),
            "logins in madrid was 57 % below the expected 118–151, no data for 3 min");
}

TEST(Sentence, SurvivesWhatNobodyExpects) {
  EXPECT_FALSE(said({}).empty());
  const std::string name(5000, 'x');
  EXPECT_LE(said({judged(Labels::of(name), drop())}).size(), kSentenceBytesMax);
  const Violation rubbish = band(Direction::kAbove, NAN, kNone, NAN, -kNone);
  EXPECT_EQ(said({judged(Labels(), rubbish)}), "a series in madrid NaN");
}

}  // namespace
}  // namespace tocsin::rules
