#include "vocabulary/frequency.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

struct Case {
  const char* name;
  const char* text;
  std::optional<Frequency> wanted;
};
class Read : public testing::TestWithParam<Case> {};

TEST_P(Read, IsWhatIsWritten) { EXPECT_EQ(Frequency::parse(GetParam().text), GetParam().wanted); }

INSTANTIATE_TEST_SUITE_P(
    Cases, Read,
    testing::Values(Case{"a_week", "1 per week", Frequency{1, days(7)}},
                    Case{"thirty_days", "4 per 30d", Frequency{4, days(30)}},
                    Case{"a_month_is_thirty_days", "4 per month", Frequency{4, days(30)}},
                    Case{"a_share", "0.5 per day", Frequency{0.5, days(1)}},
                    Case{"never", "0 per week", Frequency{0, days(7)}},
                    Case{"an_hour", "2 per hour", Frequency{2, hours(1)}},
                    Case{"a_minute_is_the_least", "1 per 1m", Frequency{1, minutes(1)}},
                    Case{"spaces", " 1  per  week ", Frequency{1, days(7)}},
                    Case{"shorter_than_a_minute", "1 per 59s", std::nullopt},
                    Case{"negative", "-1 per week", std::nullopt},
                    Case{"no_number", "one per week", std::nullopt},
                    Case{"infinite", "+Inf per week", std::nullopt},
                    Case{"not_a_number", "NaN per week", std::nullopt},
                    Case{"no_span", "1 per fortnight", std::nullopt},
                    Case{"no_per", "1 a week", std::nullopt}, Case{"empty", "", std::nullopt}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Written, ReadsBackAsTheSame) {
  for (const Frequency& one :
       {Frequency{1, days(7)}, Frequency{0.25, hours(36)}, Frequency{4, days(30)}})
    EXPECT_EQ(Frequency::parse(to_text(one)), one) << to_text(one);
}

TEST(Written, SaysWeeksAndDaysInWords) {
  EXPECT_EQ(to_text(Frequency{1, days(7)}), "1 per week");
  EXPECT_EQ(to_text(Frequency{0.5, days(1)}), "0.5 per day");
  EXPECT_EQ(to_text(Frequency{4, days(30)}), "4 per 30d");
}

TEST(Scaled, ToAnotherSpan) {
  EXPECT_DOUBLE_EQ((Frequency{1, days(1)}.per_week()), 7);
  EXPECT_DOUBLE_EQ((Frequency{3, days(30)}.per(days(10))), 1);
}

}  // namespace
}  // namespace tocsin
