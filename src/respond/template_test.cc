#include "respond/template.h"

#include <gtest/gtest.h>

#include <array>

#include "respond/test_kinds.h"

namespace tocsin::respond {
namespace {

using testing::message;
using testing::payment_alert;
using testing::resolved;

struct Case {
  const char* name;
  const char* text;
  const char* expected;  // or the error's words, if `good` is false
  bool good = true;
};
class Templates : public ::testing::TestWithParam<Case> {};
TEST_P(Templates, AreFilledIn) {
  const std::array<std::string_view, 1> more{"number"};
  const std::array<Template::Field, 1> values{{{"number", "{id}"}}};
  const auto parsed = Template::parse(GetParam().text, more);
  const auto filled = parsed ? parsed->fill(message(Event::kOpened, payment_alert()), values)
                             : Result<std::string>(fail(parsed.error()));
  ASSERT_EQ(filled.has_value(), GetParam().good) << (filled ? *filled : filled.error().message);
  if (filled)
    EXPECT_EQ(*filled, GetParam().expected);
  else
    EXPECT_NE(filled.error().message.find(GetParam().expected), std::string::npos)
        << filled.error().message;
}
INSTANTIATE_TEST_SUITE_P(
    All, Templates,
    ::testing::Values(
        Case{"nothing", "", ""}, Case{"words", "all well", "all well"},
        Case{"fields", "{severity} {rule}", "critical payment-provider"},
        Case{"label", "in {label.site}", "in madrid"},
        Case{"label_rule", "{label.rule}", "payment-provider"},
        Case{"annotation", "{annotation.runbook}", "https://wiki.example.com/pay"},
        Case{"no_label", "{label.customer}", "no label.customer", false},
        Case{"default", "{label.customer|nobody}", "nobody"},
        Case{"empty_default", "<{label.customer|}>", "<>"},
        Case{"default_of_empty", "{acknowledged_by|nobody yet}", "nobody yet"},
        Case{"link", "{link}", "https://t.example.com/alerts/ffffffffffffffff0000000000000001"},
        Case{"braces", "{{{rule}}}", "{payment-provider}"},
        Case{"xml", "{annotation.none|a<b&c:xml}", "a&lt;b&amp;c"},
        Case{"url", "{annotation.none|a b/c:url}", "a%20b%2Fc"},
        Case{"json", "{annotation.none|a\"b:json}", "a\\\"b"}, Case{"given", "{number}", "{id}"},
        Case{"unknown", "{sevrity}", "did you mean {severity}", false},
        Case{"label_without_name", "{label.}", "no field", false},
        Case{"open", "a { b", "without its }", false},
        Case{"no_signer", "{ack_link}", "no ack_link", false},
        Case{"close", "a } b", "without its {", false}, Case{"duration", "{duration}", "10s"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Templates, EveryFieldHasAValueOrSaysWhyNot) {
  std::string names = template_fields();
  for (size_t at = 0; at < names.size();) {
    const size_t end = std::min(names.find(", ", at), names.size());
    const std::string name = names.substr(at, end - at);
    at = end + 2;
    if (name.find('.') != std::string::npos) continue;
    const auto parsed = Template::parse("{" + name + "}");
    ASSERT_TRUE(parsed) << name;
    const auto filled = parsed->fill(message(Event::kResolved, resolved(payment_alert())));
    // Nobody acknowledges what is over, and these links have no signer.
    EXPECT_EQ(filled.has_value(), name != "ack_link") << name;
  }
}

TEST(Templates, HugeValuesAreCut) {
  const auto parsed = Template::parse("{summary}{description}{rule}{scope}{rule}{rule}");
  ASSERT_TRUE(parsed);
  const auto filled = parsed->fill(message(Event::kOpened, testing::hostile_alert()));
  ASSERT_TRUE(filled);
  EXPECT_LE(filled->size(), 20'000u);
}

}  // namespace
}  // namespace tocsin::respond
