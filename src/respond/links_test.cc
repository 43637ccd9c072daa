#include "respond/links.h"

#include <gtest/gtest.h>

#include "respond/test_notices.h"

namespace tocsin::respond {
namespace {

TEST(Links, AlertPage) {
  const Links links{.external_url = "https://tocsin.example.com", .grafana = ""};
  EXPECT_EQ(links.alert(*parse_id("ffffffffffffffff0000000000000001")),
            "https://tocsin.example.com/alerts/ffffffffffffffff0000000000000001");
  EXPECT_EQ(links.grafana_url(testing::payment_alert()), std::nullopt);
}

struct Case {
  const char* name;
  const char* text;
  const char* expected;
};
class GrafanaLinks : public ::testing::TestWithParam<Case> {};
TEST_P(GrafanaLinks, AreFilledIn) {
  ASSERT_TRUE(check_link_template(GetParam().text));
  AlertView alert = testing::payment_alert();
  alert.opened.edit([](Decision& opened) {
    opened.scope = Labels(std::vector<Labels::Pair>{{"site", "a b&c/é"}});
  });
  const Links links{.external_url = "http://t", .grafana = GetParam().text};
  EXPECT_EQ(links.grafana_url(alert), GetParam().expected);
}
INSTANTIATE_TEST_SUITE_P(
    All, GrafanaLinks,
    ::testing::Values(Case{"plain", "http://g/d/1", "http://g/d/1"},
                      Case{"label_encoded", "http://g?var-site={{ site }}",
                           "http://g?var-site=a%20b%26c%2F%C3%A9"},
                      Case{"without_blanks", "http://g?r={{rule}}&s={{severity}}",
                           "http://g?r=payment-provider&s=critical"},
                      Case{"of_the_violation", "http://g?h={{ host }}&m={{ __name__ }}",
                           "http://g?h=pay-1&m=payments_ok"},
                      Case{"unknown_is_empty", "http://g?x={{ nothing }}.", "http://g?x=."},
                      Case{"from_to", "http://g?from={{ from }}&to={{ to }}",
                           "http://g?from=1795440765120&to=1795444365120"},
                      Case{"json_braces_stay", "http://g?left={\"a\":{\"b\":1}}",
                           "http://g?left={\"a\":{\"b\":1}}"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Links, GrafanaEndsWithTheAlert) {
  const Links links{.external_url = "http://t", .grafana = "{{ to }}"};
  const AlertView alert = testing::resolved(testing::payment_alert());
  EXPECT_EQ(links.grafana_url(alert), std::to_string(alert.resolved_at.ms));
}

TEST(Links, TemplatesWithBracesThatDoNotPairAreRefused) {
  for (const char* text : {"{{ site", "{{ }}", "{{}}", "{{ a {{ b }}", "x{{"})
    EXPECT_FALSE(check_link_template(text)) << text;
}

}  // namespace
}  // namespace tocsin::respond
