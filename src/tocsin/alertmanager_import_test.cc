#include "tocsin/alertmanager_import.h"

#include <gtest/gtest.h>

#include "config/folder.h"
#include "supervisor/inhibit.h"
#include "supervisor/route.h"

namespace tocsin {
namespace {

ImportedConfig take(std::string_view text) {
  auto made = take_over_alertmanager({text, "alertmanager.yml", "/etc/alertmanager"});
  EXPECT_TRUE(made) << made.error().text();
  return made ? *made : ImportedConfig{};
}

struct Read {
  supervisor::Routes routes;
  std::shared_ptr<const supervisor::InhibitRules> inhibit;
};

Read read(const std::string& yaml) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"a.yaml", yaml}}, problems);
  Read out{supervisor::Routes::read(folder, problems),
           supervisor::InhibitRules::read(folder, problems)};
  EXPECT_TRUE(problems.empty()) << problems.text() << yaml;
  return out;
}

struct Words {
  const char *name, *theirs;
  std::optional<std::string> ours;
};
void PrintTo(const Words& c, std::ostream* out) { *out << c.name; }

class TemplateCases : public testing::TestWithParam<Words> {};
TEST_P(TemplateCases, Take) { EXPECT_EQ(take_over_template(GetParam().theirs), GetParam().ours); }
INSTANTIATE_TEST_SUITE_P(
    All, TemplateCases,
    testing::Values(Words{"plain", "on fire", "on fire"}, Words{"braces", "a {b} c", "a {{b}} c"},
                    Words{"label", "{{ .CommonLabels.site }}: {{.GroupLabels.alertname}}",
                          "{label.site|}: {rule}"},
                    Words{"annotation",
                          "{{ .CommonAnnotations.summary }} {{ .CommonAnnotations.runbook }}",
                          "{summary} {annotation.runbook|}"},
                    Words{"filter", "[{{ .Status | toUpper }}]", "[{state}]"},
                    Words{"other_filter", "{{ .Status | reReplaceAll \"a\" \"b\" }}", std::nullopt},
                    Words{"loop", "{{ range .Alerts }}- {{ .Annotations.description }}{{ end }}",
                          "- {description}"},
                    Words{"blanks_are_cut", "a \n{{- range .Alerts -}} \n b {{- end }}", "ab"},
                    Words{"loop_not_closed", "{{ range .Alerts }}a", std::nullopt},
                    Words{"end_alone", "a{{ end }}", std::nullopt},
                    Words{"condition", "{{ if eq .Status \"firing\" }}a{{ end }}", std::nullopt},
                    Words{"own_template", "{{ template \"mine\" . }}", std::nullopt},
                    Words{"their_default", "{{ template \"slack.default.title\" . }}", ""},
                    Words{"comment", "{{/* why */}}a", "a"},
                    Words{"not_closed", "{{ .Status", std::nullopt},
                    Words{"odd_label", "{{ .Labels.a|b }}", std::nullopt}),
    [](const auto& row) { return row.param.name; });

struct Matchers {
  const char *name, *theirs;
  std::vector<std::string> ours;  // empty: refused
};
void PrintTo(const Matchers& c, std::ostream* out) { *out << c.name; }

class MatcherCases : public testing::TestWithParam<Matchers> {};
TEST_P(MatcherCases, Take) {
  const auto made = take_over_matchers(GetParam().theirs);
  EXPECT_EQ(made ? *made : std::vector<std::string>(), GetParam().ours);
}
using Texts = std::vector<std::string>;
INSTANTIATE_TEST_SUITE_P(
    All, MatcherCases,
    testing::Values(Matchers{"bare", "severity=critical", Texts{"severity=\"critical\""}},
                    Matchers{"blanks", "severity =~ \"a|b\"", Texts{"severity=~\"a|b\""}},
                    Matchers{"braces", "{a=\"b\", c!=d,}", Texts{"a=\"b\"", "c!=\"d\""}},
                    Matchers{"comma_in_quotes", "a=\"b,c\",d!~\"e\"",
                             Texts{"a=\"b,c\"", "d!~\"e\""}},
                    Matchers{"escapes", R"(a="b\"c\\d")", Texts{R"(a="b\"c\\d")"}},
                    Matchers{"regex_keeps_its_backslash", R"(a=~"b\.c")", Texts{R"(a=~"b\\.c")"}},
                    Matchers{"empty_value", "a=", Texts{"a=\"\""}},
                    Matchers{"no_sign", "a", Texts{}}, Matchers{"open_brace", "{a=b", Texts{}},
                    Matchers{"open_quote", "a=\"b", Texts{}},
                    Matchers{"look_around", "a=~\"(?!b)\"", Texts{}}),
    [](const auto& row) { return row.param.name; });

constexpr std::string_view kTree = R"yaml(
global: {resolve_timeout: 3m, slack_api_url: 'https://hooks.slack.com/services/T/B/x'}
route:
  receiver: ops
  group_by: [alertname, cluster]
  repeat_interval: 12h
  routes:
    - match: {service: db}
      match_re: {env: 'prod|live'}
      receiver: db
      continue: true
      group_wait: 10s
    - matchers: [severity="page", 'team=~"a|b"']
      mute_time_intervals: [nights]
      routes:
        - matchers: ['{site="rome"}']
          receiver: nobody
    - matchers: ['x=~"(?!y)"']
      receiver: db
receivers:
  - name: ops
    slack_configs: [{channel: '#ops', title: '{{ .CommonLabels.site }}'}]
    webhook_configs: [{url: 'http://hub.example.com/a'}, {url: 'http://u:secret@hub/a'}]
  - name: db
    pagerduty_configs: [{routing_key: abc, severity: critical}]
  - name: nobody
  - name: wechat
    wechat_configs: [{to_user: x}]
inhibit_rules:
  - {source_match: {severity: page}, target_matchers: [severity=~"warning|info"], equal: [site]}
  - {target_match: {a: b}}
time_intervals: [{name: nights}]
)yaml";

TEST(AlertmanagerImport, TheTreeTellsTheSame) {
  const ImportedConfig made = take(kTree);
  const Read got = read(made.yaml);
  const auto told = [&](std::vector<Labels::Pair> labels) {
    return got.routes.receivers(Labels(std::move(labels)), Severity::kHigh);
  };
  const Texts ops{"ops-slack", "ops-webhook", "ops-webhook-2"};
  EXPECT_EQ(told({{"a", "b"}}), ops);
  EXPECT_EQ(told({{"service", "db"}, {"env", "live"}}), Texts{"db"});
  EXPECT_EQ(told({{"service", "db"}, {"env", "test"}}), ops);
  EXPECT_EQ(told({{"severity", "page"}, {"team", "a"}}), ops);
  EXPECT_EQ(told({{"severity", "page"}, {"team", "a"}, {"site", "rome"}}), Texts{"inbox"});
  EXPECT_EQ(told({{"service", "db"}, {"env", "live"}, {"severity", "page"}, {"team", "b"}}),
            (Texts{"db", "ops-slack", "ops-webhook", "ops-webhook-2"}));
}

TEST(AlertmanagerImport, GroupingAndRepeatsAreThoseOfEachRoute) {
  const Read got = read(take(kTree).yaml);
  const auto db = got.routes.tellings(
      Labels(std::vector<Labels::Pair>{{"service", "db"}, {"env", "live"}}), Severity::kHigh);
  ASSERT_EQ(db.size(), 1u);
  ASSERT_NE(db[0].grouping, nullptr);
  EXPECT_EQ(db[0].grouping->by, (Texts{"alertname", "cluster"}));
  EXPECT_EQ(db[0].grouping->wait, seconds(10));
  EXPECT_EQ(db[0].grouping->interval, minutes(5));
  ASSERT_NE(db[0].repeat, nullptr);
  EXPECT_EQ(db[0].repeat->after(3), hours(12));
}

TEST(AlertmanagerImport, InhibitionIsTheSame) {
  const Read got = read(take(kTree).yaml);
  using Pairs = std::vector<Labels::Pair>;
  const Labels page(Pairs{{"alertname", "x"}, {"severity", "page"}, {"site", "rome"}});
  const Labels here(Pairs{{"severity", "info"}, {"site", "rome"}});
  const Labels there(Pairs{{"severity", "info"}, {"site", "oslo"}});
  EXPECT_NE(got.inhibit->find(page, here), nullptr);
  EXPECT_EQ(got.inhibit->find(page, there), nullptr);
  EXPECT_NE(got.inhibit->find(there, Labels(Pairs{{"a", "b"}})), nullptr) << "no source: any alert";
}

TEST(AlertmanagerImport, SecretsStandInNoYaml) {
  const ImportedConfig made = take(kTree);
  const std::map<std::string, std::string> want{
      {"secrets/db.key", "abc"},
      {"secrets/ops-slack.webhook_url", "https://hooks.slack.com/services/T/B/x"},
      {"secrets/ops-webhook-2.url", "http://u:secret@hub/a"}};
  EXPECT_EQ(made.secrets, want);
  for (const char* secret : {"services/T/B", "u:secret", "abc\""})
    EXPECT_EQ(made.yaml.find(secret), std::string::npos) << made.yaml;
}

TEST(AlertmanagerImport, WhatIsNotTakenOverIsNamedWithItsPlace) {
  const ImportedConfig made = take(kTree);
  for (const char* words :
       {"alertmanager.yml:14: mute_time_intervals is not taken over",
        "alertmanager.yml:18: matchers cannot be taken over",
        "alertmanager.yml:18: the route is left out", "alertmanager.yml:22: channel",
        "alertmanager.yml:25: severity is not taken over",
        "alertmanager.yml:26: receiver \"nobody\" tells nobody",
        "alertmanager.yml:28: wechat_configs is not taken over",
        "alertmanager.yml:32: time_intervals is not taken over"})
    EXPECT_NE(made.yaml.find(words), std::string::npos) << words << "\n" << made.yaml;
  EXPECT_NE(made.yaml.find("resolve_timeout: 3m"), std::string::npos);
}

TEST(AlertmanagerImport, NotAConfigurationIsRefused) {
  for (const char* text : {"", "a: b", "route: {receiver: a}", "[1]", "a: [", "receivers: []"})
    EXPECT_FALSE(take_over_alertmanager({text, "alertmanager.yml", "/"})) << text;
}

TEST(AlertmanagerImport, OddNamesAndShapesStayReadable) {
  const ImportedConfig made = take(R"(
route: {receiver: 'a/b', group_wait: soon, group_interval: 0s, routes: [1, {}], group_by: [[x]]}
receivers: [{name: 'a/b', webhook_configs: [{url: 'http://a/'}]}, {name: inbox, discord_configs:
  [{webhook_url: "<secret>"}]}, {name: 'a-b', webhook_configs: [{url_file: hook}, {}, 7]}, x]
inhibit_rules: [{}, 3]
)");
  read(made.yaml);
  EXPECT_NE(made.yaml.find("\"a-b-webhook\""), std::string::npos) << made.yaml;
  EXPECT_NE(made.yaml.find("\"inbox-2\""), std::string::npos) << made.yaml;
  EXPECT_NE(made.yaml.find("\"/etc/alertmanager/hook\""), std::string::npos) << made.yaml;
  EXPECT_EQ(made.yaml.find("inhibit:"), std::string::npos) << made.yaml;
  EXPECT_TRUE(made.secrets.empty());
}

}  // namespace
}  // namespace tocsin
