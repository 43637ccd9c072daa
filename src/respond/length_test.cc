#include "respond/length.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tocsin::respond {
namespace {

struct Case {
  const char* name;
  const char* text;
  size_t max;
  LengthUnit unit;
  const char* expected;
};
class CutLength : public ::testing::TestWithParam<Case> {};
TEST_P(CutLength, KeepsWholeCharacters) {
  EXPECT_EQ(cut_length(GetParam().text, GetParam().max, GetParam().unit), GetParam().expected);
}
INSTANTIATE_TEST_SUITE_P(
    All, CutLength,
    ::testing::Values(Case{"fits", "abc", 3, LengthUnit::kRunes, "abc"},
                      Case{"one_over", "abcd", 3, LengthUnit::kRunes, "ab…"},
                      Case{"bytes", "abcdef", 5, LengthUnit::kBytes, "ab…"},
                      Case{"umlauts_are_one_rune", "äöü", 3, LengthUnit::kRunes, "äöü"},
                      Case{"umlauts_are_two_bytes", "äöü", 5, LengthUnit::kBytes, "ä…"},
                      Case{"emoji_is_one_rune", "🔥🔥", 2, LengthUnit::kRunes, "🔥🔥"},
                      Case{"emoji_is_two_of_utf16", "🔥🔥", 3, LengthUnit::kUtf16, "🔥…"},
                      Case{"accent_stays", "ae\u0301x", 2, LengthUnit::kRunes, "a…"},
                      Case{"family_stays", "a👩\u200d👧b", 4, LengthUnit::kRunes, "a…"},
                      Case{"flag_stays", "a🇪🇸b", 3, LengthUnit::kRunes, "a…"},
                      Case{"two_flags_are_two", "🇪🇸🇩🇪", 3, LengthUnit::kRunes, "🇪🇸…"},
                      Case{"nothing_allowed", "abc", 0, LengthUnit::kRunes, ""},
                      Case{"only_the_mark", "abc", 1, LengthUnit::kRunes, "…"},
                      Case{"no_room_for_the_mark", "abc", 2, LengthUnit::kBytes, ""},
                      Case{"empty", "", 0, LengthUnit::kRunes, ""}),
    [](const auto& tested) { return std::string(tested.param.name); });

RC_GTEST_PROP(CutLengthOfAnything, IsNeverTooLongAndAPrefix, (const std::string& text)) {
  const size_t max = *rc::gen::inRange<size_t>(0, 40);
  const auto unit = *rc::gen::element(LengthUnit::kBytes, LengthUnit::kRunes, LengthUnit::kUtf16);
  std::string cut = cut_length(text, max, unit);
  RC_ASSERT(text_length(cut, unit) <= max);
  if (cut == text) return;
  if (cut.ends_with("…")) cut.resize(cut.size() - 3);
  RC_ASSERT(text.starts_with(cut));
}

}  // namespace
}  // namespace tocsin::respond
