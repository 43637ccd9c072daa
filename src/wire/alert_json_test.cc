// Other systems' alerts in JSON: what is read, what is refused and in which words.
#include <gtest/gtest.h>

#include "wire/alert_json.h"
#include "wire/silence_json.h"

namespace tocsin::wire {
namespace {

// With the room behind its end that the server gives to bodies.
std::string padded(std::string_view text) {
  std::string out(text);
  out.reserve(out.size() + 64);
  return out;
}

const TimeMs kStart = *parse_time("2026-11-23T14:32:45.120Z");

TEST(AlertJson, AnAlertAsPrometheusSendsIt) {
  const auto read = parse_alerts(padded(R"([{"annotations":{"summary":"api \"down\"","empty":""},
    "endsAt":"2026-11-23T14:36:45.12Z","startsAt":"2026-11-23T16:32:45.120456789+02:00",
    "generatorURL":"http://p:9090/graph?g0.expr=up",
    "labels":{"job":"api","alertname":"Down","zone":""}}])"));
  ASSERT_TRUE(read) << read.error().text();
  ASSERT_EQ(read->alerts.size(), 1u);
  EXPECT_TRUE(read->faults.empty());
  const ReportedAlert& alert = read->alerts[0];
  EXPECT_EQ(alert.labels, Labels({{"alertname", "Down"}, {"job", "api"}}));
  EXPECT_EQ(alert.annotations, Labels({Labels::Pair{"summary", "api \"down\""}}));
  EXPECT_EQ(alert.starts, kStart);
  EXPECT_EQ(alert.ends, kStart + minutes(4));
  EXPECT_EQ(alert.link, "http://p:9090/graph?g0.expr=up");
}

TEST(AlertJson, WhatIsLeftOutOrGosZeroTimeIsNotTold) {
  const auto read = parse_alerts(padded(
      R"([{"labels":{"a":"b"}},{"labels":{"a":"c"},"startsAt":"0001-01-01T00:00:00Z",
          "endsAt":"0001-01-01T00:00:00.000Z","annotations":null,"generatorURL":null,
          "more":[1,{"x":2}]}])"));
  ASSERT_TRUE(read) << read.error().text();
  ASSERT_EQ(read->alerts.size(), 2u);
  for (const ReportedAlert& alert : read->alerts) {
    EXPECT_EQ(alert.starts, TimeMs{});
    EXPECT_EQ(alert.ends, TimeMs{});
    EXPECT_EQ(alert.link, "");
  }
}

TEST(AlertJson, AWrongAlertCostsItself) {
  struct Row {
    const char* name;
    const char* alert;
    const char* fault;
  };
  const Row rows[] = {
      {"no labels", R"({"labels":{}})", "at least one label pair required"},
      {"only empty ones", R"({"labels":{"a":""}})", "at least one label pair required"},
      {"no member labels", R"({})", "at least one label pair required"},
      {"ends first",
       R"({"labels":{"a":"b"},"startsAt":"2026-11-23T15:00:00Z","endsAt":"2026-11-23T14:00:00Z"})",
       "start time must be before end time"},
      {"a NUL byte", R"({"labels":{"a":"b\u0000c"}})", "invalid label set: a NUL byte in \"a\""},
      {"a NUL byte in what it says", R"({"labels":{"a":"b"},"annotations":{"s":"\u0000"}})",
       "invalid annotations: a NUL byte in \"s\""},
      {"no name", R"({"labels":{"":"b"}})", "invalid label set: invalid name \"\""},
  };
  for (const Row& row : rows) {
    const auto read =
        parse_alerts(padded(std::string("[") + row.alert + R"(,{"labels":{"good":"1"}}])"));
    ASSERT_TRUE(read) << row.name << ": " << read.error().text();
    EXPECT_EQ(read->alerts.size(), 1u) << row.name;
    EXPECT_EQ(read->refused, 1u) << row.name;
    ASSERT_EQ(read->faults.size(), 1u) << row.name;
    EXPECT_EQ(read->faults[0], row.fault) << row.name;
  }
}

TEST(AlertJson, WhatIsNoSuchJsonIsRefusedAsAWhole) {
  const char* const bodies[] = {
      "",
      "{",
      "[",
      "nonsense",
      R"({"labels":{"a":"b"}})",
      R"(["a"])",
      R"([{"labels":{"a":1}}])",
      R"([{"labels":["a"]}])",
      R"([{"labels":{"a":"b"},"endsAt":"soon"}])",
      R"([{"labels":{"a":"b"},"endsAt":7}])",
      R"([{"labels":{"a":"b"}}] [])",
      R"([{"labels":{"a":"b"})",
      "[{\"labels\":{\"a\":\"\xff\"}}]",
  };
  for (const char* body : bodies) EXPECT_FALSE(parse_alerts(padded(body))) << body;
}

TEST(AlertJson, Limits) {
  AlertJsonLimits limits;
  limits.alerts_max = 2;
  limits.pairs_max = 2;
  limits.alert_bytes_max = 10;
  const std::string one = R"({"labels":{"a":"b"}})";
  EXPECT_TRUE(parse_alerts(padded("[" + one + "," + one + "]"), limits));
  EXPECT_FALSE(parse_alerts(padded("[" + one + "," + one + "," + one + "]"), limits));
  const auto pairs = parse_alerts(padded(R"([{"labels":{"a":"1","b":"2","c":"3"}}])"), limits);
  ASSERT_TRUE(pairs);
  EXPECT_EQ(pairs->faults.at(0), "invalid label set: 3 pairs, at most 2 are kept");
  const auto bytes = parse_alerts(padded(R"([{"labels":{"a":"1234567890"}}])"), limits);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->faults.at(0), "invalid label set: 11 bytes, at most 10 are kept");
}

TEST(AlertWebhook, FiresUntilItSaysThatItIsResolved) {
  const auto read = parse_alert_webhook(padded(R"({"receiver":"tocsin","status":"firing",
    "alerts":[
     {"status":"firing","labels":{"alertname":"A"},"annotations":{"summary":"x"},
      "startsAt":"2026-11-23T14:32:45.12Z","endsAt":"0001-01-01T00:00:00Z",
      "generatorURL":"http://g/","fingerprint":"c6eadffa33fcdf37","silenceURL":"http://g/s",
      "dashboardURL":"http://g/d/1","panelURL":"","values":{"B":22},"valueString":"[ var='B' ]"},
     {"status":"resolved","labels":{"alertname":"B"},"endsAt":"2026-11-23T14:32:45.12Z"},
     {"status":"resolved","labels":{"alertname":"C"}}],
    "groupLabels":{},"commonLabels":{},"externalURL":"http://g/","version":"1","groupKey":"{}",
    "truncatedAlerts":0,"orgId":1,"title":"t","state":"alerting","message":"m"})"));
  ASSERT_TRUE(read) << read.error().text();
  ASSERT_EQ(read->alerts.size(), 3u);
  EXPECT_EQ(read->alerts[0].ends, TimeMs{});
  EXPECT_EQ(read->alerts[0].starts, kStart);
  EXPECT_EQ(
      read->alerts[0].annotations,
      Labels({{"dashboard_url", "http://g/d/1"}, {"summary", "x"}, {"value", "[ var='B' ]"}}));
  EXPECT_EQ(read->alerts[1].ends, kStart);
  EXPECT_GT(read->alerts[2].ends, TimeMs{});
  EXPECT_FALSE(parse_alert_webhook(padded(R"({"status":"firing"})")));
  EXPECT_FALSE(parse_alert_webhook(padded("[]")));
}

TEST(Pagerduty, ATrigger) {
  const auto read = parse_pagerduty(padded(R"({"routing_key":"k","event_action":"trigger",
    "dedup_key":"srv01/HTTP","client":"Monit","client_url":"https://m/",
    "payload":{"summary":"DISK at 99%","source":"prod-datapipe03","severity":"critical",
      "timestamp":"2026-11-23T14:32:45.120+0000","component":"mysql","group":"prod","class":"disk",
      "custom_details":{"free":"1%","load":[1,2],"n":{"x":true}}},
    "images":[],"links":[{"href":"https://x"}]})"));
  ASSERT_TRUE(read) << read.error().text();
  ASSERT_TRUE(read->faults.empty()) << read->faults[0];
  EXPECT_EQ(read->action, PagerdutyEvent::Action::kTrigger);
  EXPECT_EQ(read->alert.dedup, "srv01/HTTP");
  EXPECT_EQ(read->alert.link, "https://m/");
  EXPECT_EQ(read->alert.starts, kStart);
  EXPECT_EQ(read->alert.ends, TimeMs{});
  EXPECT_EQ(read->alert.labels, Labels({{"alertname", "disk"},
                                        {"class", "disk"},
                                        {"component", "mysql"},
                                        {"group", "prod"},
                                        {"severity", "critical"},
                                        {"source", "prod-datapipe03"}}));
  EXPECT_EQ(read->alert.annotations.get("summary"), "DISK at 99%");
  EXPECT_EQ(read->alert.annotations.get("free"), "1%");
  EXPECT_EQ(read->alert.annotations.get("load"), "[1,2]");
}

TEST(Pagerduty, WhatIsWrongIsNamed) {
  struct Row {
    const char* body;
    const char* fault;
  };
  const Row rows[] = {
      {R"({"event_action":"trigger","payload":{"source":"a","severity":"info"}})",
       "'payload.summary' is missing or blank"},
      {R"({"event_action":"trigger","payload":{"summary":"a","severity":"info"}})",
       "'payload.source' is missing or blank"},
      {R"({"event_action":"trigger","payload":{"summary":"a","source":"b","severity":"bad"}})",
       "'payload.severity' is invalid"},
      {R"({"event_action":"resolve"})", "'dedup_key' is missing or blank"},
      {R"({"event_action":"shout","dedup_key":"a",
          "payload":{"summary":"a","source":"b","severity":"info"}})",
       "'event_action' is invalid"},
  };
  for (const Row& row : rows) {
    const auto read = parse_pagerduty(padded(row.body));
    ASSERT_TRUE(read) << row.body;
    ASSERT_FALSE(read->faults.empty()) << row.body;
    EXPECT_EQ(read->faults[0].rfind(row.fault, 0), 0u) << read->faults[0];
  }
  for (const char* body : {"", "[]", "{", R"({"event_action":7})"})
    EXPECT_FALSE(parse_pagerduty(padded(body))) << body;
  const auto resolved =
      parse_pagerduty(padded(R"({"event_action":"resolve","dedup_key":"srv01/HTTP"})"));
  ASSERT_TRUE(resolved && resolved->faults.empty());
  EXPECT_NE(resolved->alert.ends, TimeMs{});
}

TEST(SilenceJson, AsAmtoolPostsIt) {
  const auto read = parse_silence(padded(R"({"comment":"c","createdBy":"ada",
    "endsAt":"2026-11-23T14:32:45.12Z","startsAt":"2026-11-23T14:00:00Z","matchers":[
    {"isEqual":true,"isRegex":false,"name":"a","value":"b"},
    {"isEqual":false,"isRegex":true,"name":"c","value":"d.*"},
    {"isRegex":true,"name":"e","value":"f"},{"isEqual":false,"name":"g","value":"h"}]})"));
  ASSERT_TRUE(read) << read.error().text();
  std::string matchers;
  for (const LabelMatcher& one : read->matchers) matchers += one.text() + " ";
  EXPECT_EQ(matchers, "a=\"b\" c!~\"d.*\" e=~\"f\" g!=\"h\" ");
  EXPECT_EQ(read->ends, kStart);
  EXPECT_EQ(read->created_by + read->comment, "adac");
  for (const char* body :
       {"", "[]", R"({"matchers":{}})", R"({"matchers":[{"name":"a","value":"(","isRegex":true}]})",
        R"({"matchers":[{"value":"a"}]})", R"({"endsAt":"later"})"})
    EXPECT_FALSE(parse_silence(padded(body))) << body;
}

}  // namespace
}  // namespace tocsin::wire
