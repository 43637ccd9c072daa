#include "server/api.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "net/testing.h"
#include "server/fake_views.h"

namespace tocsin::server {
namespace {

namespace json = boost::json;
using net::testing::Answer;
using net::testing::Client;
using net::testing::RunningServer;

constexpr TimeMs kNow{1795411000000};
const Id128 kAlertId = hash128("alert");

JudgedViolation judged_violation() {
  JudgedViolation out;
  out.labels = Labels::of("payments_ok", {{"site", "madrid"}});
  out.worker_id = "payments";
  out.model_names = {"profile", "level"};
  Violation& v = out.violation;
  v.id = hash128("violation");
  v.tier = Tier::kKpi;
  v.direction = Direction::kBelow;
  v.opened = TimeMs{1000};
  v.updated = TimeMs{2000};
  v.last = {TimeMs{2000}, 51, 135, 118, 151, 7.2, -4.1, true, {{1, 0.4f, true, 130, 110, 150}}};
  v.points_outside = 3;
  v.cadence = seconds(10);
  out.tail = {v.last};
  return out;
}

AlertEntry alert_entry() {
  auto alert = std::make_shared<AlertView>();
  alert->id = kAlertId;
  alert->key = hash128("key");
  alert->opened_at = TimeMs{5000};
  alert->updated_at = TimeMs{6000};
  Decision decision;
  decision.rule_id = "payment-provider";
  decision.rule_place = "rules/betting.yaml:3";
  decision.severity = Severity::kCritical;
  decision.scope = Labels(std::vector<Labels::Pair>{{"site", "madrid"}});
  decision.summary = "payments_ok in madrid 57 % below the expected 118–151, adapter silent";
  decision.annotations = {{"runbook", "https://x/\"y\""}};
  decision.tree = {{"all", "all", Truth::kTrue, "", {1, 2}},
                   {"leaf", "payments_ok below", Truth::kTrue, "51 under 118", {}},
                   {"leaf", "adapter silent", Truth::kUnknown, "learning", {}}};
  decision.violations = {judged_violation()};
  decision.momentum = {Momentum::Trend::kWorsening, 4.1, 0.8, 0.3, 8.0};
  alert->opened = alert->latest = decision;
  AlertEntry out;
  out.alert = alert;
  out.told_sent = 3;
  out.told_last_at = TimeMs{5500};
  out.next_at = TimeMs{7000};
  out.next_what = "mail ops: retry";
  out.spark = {{TimeMs{1000}, 51, kUnknown, 151}};
  return out;
}

class Api : public ::testing::Test {
 protected:
  Api() : clock(kNow), hub({.readers_max = 3}, stream_counters) {}
  RunningServer& server() {
    if (!running_)
      running_ = std::make_unique<RunningServer>([this](net::Router& router) {
        register_api(router, {views, hub, stream_counters, clock, nullptr});
      });
    return *running_;
  }
  Answer get(std::string_view path) {
    Client client(server().port());
    return client.get(path);
  }
  Answer post(std::string_view path, std::string_view body) {
    Client client(server().port());
    return client.post(path, body, "Content-Type: application/json\r\n");
  }
  json::object object(const Answer& answer, int status = 200) {
    EXPECT_EQ(answer.status, status) << answer.body;
    json::error_code failed;
    json::value value = json::parse(answer.body, failed);
    EXPECT_FALSE(failed) << answer.body;
    return value.is_object() ? value.as_object() : json::object();
  }
  static std::string alert_path(std::string_view rest = "") {
    return "/api/alerts/" + to_text(kAlertId) + std::string(rest);
  }

  Counters stream_counters;
  ManualClock clock;
  FakeViews views;
  Hub hub;

 private:
  std::unique_ptr<RunningServer> running_;
};

TEST_F(Api, AlertSummary) {
  views.alert_entries = {alert_entry()};
  const auto alerts = object(get("/api/alerts")).at("alerts").as_array();
  ASSERT_EQ(alerts.size(), 1u);
  const json::object& alert = alerts[0].as_object();
  EXPECT_EQ(alert.at("id").as_string(), to_text(kAlertId).c_str());
  EXPECT_EQ(alert.at("severity").as_string(), "critical");
  EXPECT_EQ(alert.at("scope").at("site").as_string(), "madrid");
  EXPECT_EQ(alert.at("title_subject").as_string(), "payments_ok in madrid 57 % below");
  EXPECT_TRUE(alert.at("resolved_at").is_null());
  EXPECT_TRUE(alert.at("covered_by").is_null());
  EXPECT_EQ(alert.at("told").at("sent").as_int64(), 3);
  EXPECT_EQ(alert.at("next").at("what").as_string(), "mail ops: retry");
  EXPECT_EQ(alert.at("momentum").at("trend").as_string(), "worsening");
  EXPECT_TRUE(alert.at("spark").at(0).at(2).is_null());
  EXPECT_EQ(alert.at("spark").at(0).at(0).as_int64(), 1000);
}

TEST_F(Api, AlertsAreSortedUnansweredThenSeverityThenYoungest) {
  const auto add = [&](const char* rule, Severity severity, int64_t opened, bool acknowledged,
                       AlertState state) {
    auto alert = std::make_shared<AlertView>();
    alert->id = hash128(rule);
    Decision latest;
    latest.rule_id = rule;
    latest.severity = severity;
    alert->latest = latest;
    alert->opened_at = TimeMs{opened};
    alert->state = state;
    if (acknowledged) alert->acknowledged_by = "ada";
    AlertEntry entry;
    entry.alert = alert;
    views.alert_entries.push_back(std::move(entry));
  };
  add("f", Severity::kCritical, 9, false, AlertState::kResolved);
  add("e", Severity::kHigh, 5, true, AlertState::kOpen);
  add("d", Severity::kCritical, 1, true, AlertState::kOpen);
  add("c", Severity::kHigh, 3, false, AlertState::kOpen);
  add("b", Severity::kHigh, 4, false, AlertState::kOpen);
  add("a", Severity::kCritical, 2, false, AlertState::kOpen);
  std::string order;
  const json::object all = object(get("/api/alerts?state=all"));
  for (const auto& alert : all.at("alerts").as_array())
    order += alert.at("rule").as_string().c_str();
  EXPECT_EQ(order, "abcdef");
  EXPECT_EQ(object(get("/api/alerts?state=all&limit=2")).at("alerts").as_array().size(), 2u);
}

TEST_F(Api, AlertQueriesAreReadAndChecked) {
  EXPECT_EQ(
      get("/api/alerts?state=resolved&severity=high&site=rome&rule=r&since=77&limit=5").status,
      200);
  EXPECT_EQ(views.asked_alerts.state, AlertQuery::State::kResolved);
  EXPECT_EQ(views.asked_alerts.severity, Severity::kHigh);
  EXPECT_EQ(views.asked_alerts.site, "rome");
  EXPECT_EQ(views.asked_alerts.rule, "r");
  EXPECT_EQ(views.asked_alerts.since.ms, 77);
  EXPECT_EQ(views.asked_alerts.limit, 5u);
  for (const char* bad :
       {"state=opened", "severity=urgent", "limit=0", "limit=1001", "limit=x", "since=yesterday"}) {
    const Answer answer = get(std::string("/api/alerts?") + bad);
    EXPECT_EQ(answer.status, 400) << bad;
    EXPECT_NE(answer.body.find("\"error\":"), std::string::npos);
  }
}

TEST_F(Api, AlertDetails) {
  AlertDetails details;
  details.entry = alert_entry();
  details.ledger = {{1,
                     kAlertId,
                     "ops-hub",
                     "webhook",
                     "opened",
                     Delivery::State::kSent,
                     1,
                     TimeMs{1},
                     TimeMs{2},
                     TimeMs{0},
                     "200 in 6 ms",
                     {},
                     {}}};
  details.history = {{TimeMs{1}, "opened", "", "text\nwith \"quotes\""}};
  views.details = details;
  const json::object alert = object(get(alert_path()));
  EXPECT_EQ(alert.at("annotations").at("runbook").as_string(), "https://x/\"y\"");
  EXPECT_TRUE(alert.at("grafana_url").is_null());
  EXPECT_EQ(alert.at("ledger").at(0).at("state").as_string(), "sent");
  EXPECT_TRUE(alert.at("ledger").at(0).at("next_try").is_null());
  EXPECT_EQ(alert.at("history").at(0).at("text").as_string(), "text\nwith \"quotes\"");
  const json::object& judgement = alert.at("opened").as_object();
  EXPECT_EQ(judgement.at("tree").at(0).at("children").at(1).as_int64(), 2);
  EXPECT_EQ(judgement.at("tree").at(2).at("truth").as_string(), "unknown");
  const json::object& violation = judgement.at("violations").at(0).as_object();
  EXPECT_EQ(violation.at("series").at("text").as_string(), "payments_ok{site=\"madrid\"}");
  EXPECT_EQ(violation.at("series").at("name").as_string(), "payments_ok");
  EXPECT_FALSE(violation.at("series").at("labels").as_object().contains("__name__"));
  EXPECT_TRUE(violation.at("ended").is_null());
  EXPECT_TRUE(violation.at("speed").is_null()) << "unknown motion is null, not zero";
  EXPECT_EQ(violation.at("models").at(0).at("name").as_string(), "level");
  EXPECT_EQ(violation.at("tail").at(0).at("outside").as_bool(), true);
  EXPECT_EQ(get("/api/alerts/" + to_text(hash128("other"))).status, 404);
  EXPECT_EQ(get("/api/alerts/zzz").status, 404);
}

TEST_F(Api, ActingOnAnAlert) {
  views.alert_entries = {alert_entry()};
  object(post(alert_path("/acknowledge"), R"({"by":"ada","note":"mine"})"));
  EXPECT_EQ(views.asked_action.what, AlertAction::What::kAcknowledge);
  EXPECT_EQ(views.asked_action.by, "ada");
  EXPECT_EQ(views.asked_action.text, "mine");
  object(post(alert_path("/unacknowledge"), R"({"by":"ada"})"));
  EXPECT_EQ(views.asked_action.what, AlertAction::What::kUnacknowledge);
  object(post(alert_path("/resolve"), R"({"by":"ada","reason":"fixed"})"));
  EXPECT_EQ(views.asked_action.text, "fixed");
  object(post(alert_path("/note"), R"({"by":"ada","text":"look"})"));
  EXPECT_EQ(views.asked_action.what, AlertAction::What::kNote);
  EXPECT_EQ(post("/api/alerts/" + to_text(Id128{}) + "/note", R"({"by":"a","text":"b"})").status,
            404);
  views.failure = Error{ErrorCode::kRefused, "it is resolved already", ""};
  EXPECT_EQ(post(alert_path("/resolve"), R"({"by":"ada"})").status, 409);
}

TEST_F(Api, BodiesAreChecked) {
  views.alert_entries = {alert_entry()};
  struct Case {
    const char *verb, *body;
    std::string message;
  };
  const Case cases[] = {
      {"/acknowledge", "", "who does this"},
      {"/acknowledge", "{}", "who does this"},
      {"/acknowledge", "[]", "not a JSON object"},
      {"/acknowledge", "{\"by\":", "not JSON"},
      {"/acknowledge", "{\"by\":7}", "has to be text"},
      {"/acknowledge", "{\"by\":\"ada\"}{}", "not JSON"},
      {"/acknowledge", "\xff\xfe", "not JSON"},
      {"/note", "{\"by\":\"ada\"}", "text"},
      {"/note", "{\"by\":\"ada\",\"text\":\"\"}", "text"},
      {"/note", "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]", "not JSON"},
  };
  for (const Case& c : cases) {
    const Answer answer = post(alert_path(c.verb), c.body);
    EXPECT_EQ(answer.status, 400) << c.body;
    EXPECT_NE(answer.body.find(c.message), std::string::npos) << c.body << ": " << answer.body;
  }
  const std::string limit(200, 'a');
  EXPECT_EQ(post(alert_path("/acknowledge"), R"({"by":")" + limit + R"("})").status, 200);
  EXPECT_EQ(post(alert_path("/acknowledge"), R"({"by":"a)" + limit + R"("})").status, 400);
  EXPECT_EQ(post(alert_path("/note"), std::string(300'000, ' ')).status, 400);
}

TEST_F(Api, Silences) {
  const std::string until = std::to_string(kNow.ms + 1);
  const Answer made = post("/api/silences", R"({"matchers":["site=\"madrid\"","rule=~\"pay.*\""],
    "comment":"known","by":"ada","until":)" + until +
                                                "}");
  EXPECT_EQ(object(made).at("until").as_int64(), kNow.ms + 1);
  ASSERT_EQ(views.asked_silence.matchers.size(), 2u);
  EXPECT_TRUE(views.asked_silence.matchers[1].matches("payment"));
  struct Case {
    const char* name;
    std::string body;
  };
  const std::string rest = R"(,"comment":"c","by":"a","until":)" + until + "}";
  const Case bad[] = {
      {"no matchers", R"({"matchers":[])" + rest},
      {"matcher is no text", R"({"matchers":[1])" + rest},
      {"bad regex", R"({"matchers":["a=~\"(\""])" + rest},
      {"no end", R"({"matchers":["a=b"],"comment":"c","by":"a"})"},
      {"ends now",
       R"({"matchers":["a=b"],"comment":"c","by":"a","until":)" + std::to_string(kNow.ms) + "}"},
      {"end is a fraction", R"({"matchers":["a=b"],"comment":"c","by":"a","until":1e300})"},
      {"no comment", R"({"matchers":["a=b"],"by":"a","until":)" + until + "}"},
  };
  for (const Case& c : bad) EXPECT_EQ(post("/api/silences", c.body).status, 400) << c.name;
  views.silence_views = {{"s1", {"a=b"}, TimeMs{1}, TimeMs{2}, "c", "a", 3}};
  EXPECT_EQ(object(get("/api/silences")).at("silences").at(0).at("muted").as_int64(), 3);
  Client client(server().port());
  client.send("DELETE /api/silences/s1?by=ada HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.answer().status, 204);
  EXPECT_EQ(views.asked_end_by, "ada");
  client.send("DELETE /api/silences/s2 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.answer().status, 404);
}

TEST_F(Api, ASilenceIsTriedBeforeItIsMade) {
  views.preview.matched = 14;
  views.preview.open = 1;
  views.preview.looked_at = 200;
  views.preview.first = {{Id128{1, 2}, "errors", "errors are high", Severity::kHigh,
                          AlertState::kOpen, Labels({Labels::Pair{"site", "rome"}}), TimeMs{5},
                          TimeMs{5}}};
  const Answer answer = post("/api/silences/preview", R"({"matchers":["site=rome"]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto found = object(answer);
  EXPECT_EQ(found.at("matched").as_int64(), 14);
  EXPECT_EQ(found.at("open").as_int64(), 1);
  EXPECT_TRUE(found.at("complete").as_bool());
  EXPECT_EQ(found.at("alerts").at(0).at("labels").at("site").as_string(), "rome");
  EXPECT_EQ(views.asked_since, kNow - days(30));
  EXPECT_EQ(views.asked_limit, 20u);
  ASSERT_EQ(views.asked_matchers.size(), 1u);
  EXPECT_TRUE(views.asked_matchers[0].matches("rome"));
  struct Case {
    const char* name;
    const char* body;
  };
  const Case bad[] = {{"no matchers", R"({"matchers":[]})"},
                      {"none at all", "{}"},
                      {"bad regex", R"({"matchers":["a=~\"(\""]})"},
                      {"ended before", R"({"matchers":["a=b"],"until":1})"}};
  for (const Case& c : bad) EXPECT_EQ(post("/api/silences/preview", c.body).status, 400) << c.name;
}

TEST_F(Api, ASilencesEndIsMovedAndWhatItMutedIsListed) {
  const std::string later = std::to_string(kNow.ms + 60'000);
  const std::string body = R"({"by":"bob","until":)" + later + "}";
  const Answer moved = post("/api/silences/s1", body);
  ASSERT_EQ(moved.status, 200) << moved.body;
  EXPECT_EQ(object(moved).at("until").as_int64(), kNow.ms + 60'000);
  EXPECT_EQ(views.asked_silence_end.by, "bob");
  EXPECT_EQ(post("/api/silences/s2", body).status, 404);
  EXPECT_EQ(post("/api/silences/s1", R"({"by":"bob"})").status, 400);
  EXPECT_EQ(post("/api/silences/s1", R"({"by":"bob","until":1})").status, 400);

  views.silence_details = SilenceDetails{{"s1", {"a=b"}, TimeMs{1}, TimeMs{2}, "c", "ada", 1, "w"},
                                         true,
                                         "bob",
                                         {{Id128{1, 2},
                                           "errors",
                                           "high",
                                           Severity::kHigh,
                                           AlertState::kResolved,
                                           {},
                                           TimeMs{5},
                                           TimeMs{6}}}};
  const auto details = object(get("/api/silences/s1"));
  EXPECT_TRUE(details.at("ended").as_bool());
  EXPECT_EQ(details.at("removed_by").as_string(), "bob");
  EXPECT_EQ(details.at("window").as_string(), "w");
  EXPECT_EQ(details.at("alerts").at(0).at("muted_at").as_int64(), 6);
  EXPECT_EQ(get("/api/silences/s2").status, 404);
  EXPECT_EQ(get("/api/silences/s1?limit=1001").status, 400);
}

TEST_F(Api, MaintenanceWindowsSayWhatComes) {
  views.maintenance_views = {{"deploy",
                              {"site=\"rome\""},
                              "weekly",
                              "Europe/Rome",
                              "FREQ=WEEKLY",
                              hours(1),
                              TimeMs{100},
                              "",
                              {{TimeMs{10}, TimeMs{20}}}}};
  const auto window = object(get("/api/maintenance")).at("windows").at(0);
  EXPECT_EQ(window.at("name").as_string(), "deploy");
  EXPECT_EQ(window.at("duration_ms").as_int64(), 3'600'000);
  EXPECT_TRUE(window.at("silence").is_null());
  EXPECT_EQ(window.at("coming").at(0).at("end").as_int64(), 20);
}

TEST_F(Api, SeriesAndRanges) {
  views.series_rows = {{Labels::of("cpu"),
                        {{"w", Tier::kKpi, GuardState::kLearning, TimeMs{9}}},
                        TimeValue{TimeMs{5}, 1.5}}};
  const auto row = object(get("/api/series?match=cpu*&limit=7")).at("series").at(0);
  EXPECT_EQ(row.at("tests").at(0).at("state").as_string(), "learning");
  EXPECT_EQ(row.at("last").at(1).as_double(), 1.5);
  EXPECT_EQ(views.asked_limit, 7u);
  views.range_view = {{{Labels::of("cpu"), {{TimeMs{1}, 2.5}, {TimeMs{2}, kUnknown}}}}, true};
  const auto range = object(get("/api/series/range?match=cpu&from=1000&to=2000&width=100"));
  EXPECT_TRUE(range.at("series").at(0).at("points").at(1).at(1).is_null());
  EXPECT_EQ(views.asked_range.from.ms, 1000);
  EXPECT_EQ(views.asked_range.width, 100u);
  get("/api/series/range?match=cpu");
  EXPECT_EQ(views.asked_range.to, kNow);
  EXPECT_EQ(views.asked_range.from, kNow - hours(1));
  views.latest_rows = {{Labels::of("cpu"), TimeMs{3}, 4.5}};
  EXPECT_EQ(object(get("/api/series/latest?match=cpu")).at("series").at(0).at("time").as_int64(),
            3);
  for (const char* bad :
       {"range?match=cpu&from=2000&to=2000", "range?match=cpu&from=0&to=999999999999999",
        "range?match=cpu&width=0", "range?match=%7B%7B", "latest?match=%7Ba%3D~%22(%22%7D",
        "band?series=&worker=w", "band?series=a%7Bb%3D~%22c%22%7D"})
    EXPECT_EQ(get(std::string("/api/series/") + bad).status, 400) << bad;
}

TEST_F(Api, BandOfASeries) {
  EXPECT_EQ(get("/api/series/band?series=cpu&worker=w").status, 404);
  BandView band;
  band.series = Labels::of("cpu");
  band.worker = "w";
  band.band = {{TimeMs{1}, 2, 1, 3}};
  band.models = {{"profile -1", "profile", 0.32, band.band}};
  band.violations = {{TimeMs{1}, TimeMs{2}, Direction::kBelow, 7.2}};
  views.band_view = band;
  const auto out = object(get("/api/series/band?series=cpu%7Bhost%3D%22a%22%7D&worker=w"));
  EXPECT_EQ(views.asked_band.series, Labels::of("cpu", {{"host", "a"}}));
  EXPECT_EQ(out.at("band").at(0).as_array().size(), 4u);
  EXPECT_EQ(out.at("models").at(0).at("kind").as_string(), "profile");
  EXPECT_EQ(out.at("violations").at(0).at("direction").as_string(), "below");
}

TEST_F(Api, AViolationThatAsksIsAnswered) {
  ViolationRow row;
  row.violation = judged_violation().violation;
  row.violation.opened = TimeMs{77};
  row.violation.answer = tocsin::Answer::kKept;
  row.labels = Labels::of("cpu");
  row.asks = true;
  row.violation.shift = Shift{TimeMs{55}, 100, 130};
  row.violation.outlook = Outlook{95, minutes(3), minutes(2), Outlook::kNever};
  views.violation_rows = {row};
  const auto shown = object(get("/api/violations")).at("violations").at(0);
  EXPECT_TRUE(shown.at("asks").as_bool());
  EXPECT_EQ(shown.at("answer").as_string(), "kept");
  EXPECT_EQ(shown.at("opened_at").as_int64(), 77);
  EXPECT_EQ(shown.at("shift").at("since").as_int64(), 55);
  EXPECT_EQ(shown.at("shift").at("after").to_number<double>(), 130);
  EXPECT_EQ(shown.at("outlook").at("limit").to_number<double>(), 95);
  EXPECT_EQ(shown.at("outlook").at("expected_ms").as_int64(), 180'000);
  EXPECT_TRUE(shown.at("outlook").at("latest_ms").is_null()) << "not at this rate";
  const std::string path = "/api/violations/" + to_text(row.violation.id);
  EXPECT_EQ(post(path + "/accept", R"({"by":"ann"})").status, 204);
  EXPECT_EQ(views.asked_answer.violation, row.violation.id);
  EXPECT_EQ(views.asked_answer.answer, tocsin::Answer::kAccepted);
  EXPECT_EQ(views.asked_answer.by, "ann");
  EXPECT_EQ(post(path + "/keep", R"({"by":"ann"})").status, 204);
  EXPECT_EQ(views.asked_answer.answer, tocsin::Answer::kKept);
  EXPECT_EQ(post(path + "/keep", "{}").status, 400) << "nobody says it";
  EXPECT_EQ(post(path + "/forget", R"({"by":"ann"})").status, 404);
  EXPECT_EQ(post("/api/violations/" + std::string(32, '0') + "/accept", R"({"by":"a"})").status,
            404);
  EXPECT_EQ(post("/api/violations/x/accept", R"({"by":"a"})").status, 404);
}

TEST_F(Api, TheRestOfTheLists) {
  views.violation_rows = {{ViolationChange::What::kAbsent,
                           TimeMs{4},
                           judged_violation().violation,
                           Labels::of("cpu"),
                           "w",
                           {"r1"},
                           kAlertId}};
  const auto row = object(get("/api/violations?since=2")).at("violations").at(0);
  EXPECT_EQ(row.at("what").as_string(), "absent");
  EXPECT_EQ(row.at("rules").at(0).as_string(), "r1");
  EXPECT_EQ(views.asked_limit, 200u);
  EXPECT_EQ(views.asked_since.ms, 2);
  views.worker_views = {{"w", "workers.yaml:1", Tier::kKpi, "cpu*", 5, 4, 1, 0, 0, 2}};
  EXPECT_EQ(object(get("/api/workers")).at("workers").at(0).at("series").as_int64(), 5);
  EXPECT_EQ(get("/api/workers/w").status, 404);
  WorkerDetails worker;
  worker.worker = views.worker_views[0];
  worker.series = {{Labels::of("cpu"),
                    GuardState::kOpen,
                    Direction::kAbove,
                    "12 %",
                    Severity::kHigh,
                    {},
                    1.0,
                    {}}};
  views.worker_details = worker;
  EXPECT_EQ(object(get("/api/workers/a%2Fb")).at("series").at(0).at("severity").as_string(),
            "high");
  EXPECT_EQ(views.asked_name, "a/b");
  SenderView sender;
  sender.name = "curl 127.0.0.1";
  sender.recent = {{Labels::of("cpu"), TimeMs{1}, 2, "", SenderView::Verdict::kNotTested, "why"}};
  views.sender_views = {sender};
  const auto shown = object(get("/api/senders")).at("senders").at(0);
  EXPECT_EQ(shown.at("recent").at(0).at("verdict").as_string(), "not tested");
  EXPECT_TRUE(shown.at("recent").at(0).at("worker").is_null());
  InboxMessage message;
  message.body = "{\"a\":1}\n";
  message.headers = {{"X-A", "b"}};
  views.messages = {message};
  const auto mail = object(get("/api/inbox")).at("messages").at(0);
  EXPECT_EQ(mail.at("body").as_string(), "{\"a\":1}\n");
  EXPECT_EQ(mail.at("headers").at("X-A").as_string(), "b");
  views.receiver_views = {{"ops", "webhook", "r.yaml:1", std::nullopt}};
  EXPECT_TRUE(object(get("/api/receivers")).at("receivers").at(0).at("last").is_null());
  EXPECT_EQ(post("/api/receivers/ops/test", "").status, 404);
  views.tested = Delivery{};
  EXPECT_EQ(object(post("/api/receivers/ops/test", "")).at("state").as_string(), "planned");
}

TEST_F(Api, StatusNowReadyAndMetrics) {
  views.status_view.version = "0.1.0";
  views.status_view.progress = {{"importing history", 120, 400}};
  views.status_view.sites = {{"madrid", "Europe/Madrid"}};
  auto status = object(get("/api/status"));
  EXPECT_EQ(status.at("progress").at("done").as_int64(), 120);
  EXPECT_TRUE(status.at("decision_p99_ms").is_null());
  EXPECT_TRUE(status.at("quick_start").is_null());
  EXPECT_TRUE(status.at("config").at("error").is_null());
  Answer ready = get("/-/ready");
  EXPECT_EQ(ready.status, 503);
  EXPECT_NE(ready.body.find("importing history"), std::string::npos);
  views.status_view.ready = true;
  EXPECT_EQ(get("/-/ready").status, 200);
  EXPECT_EQ(get("/-/healthy").status, 200);
  NowView::Site site;
  site.site = "madrid";
  site.lane = {NowView::Lane::kNone, NowView::Lane::kCritical};
  site.kpis = {{"logins", Labels::of("logins"), "w", GuardState::kGuarded, {}, "", {}, {}, {}}};
  views.now_view.sites = {site};
  const auto now = object(get("/api/now"));
  EXPECT_TRUE(now.at("lead").is_null());
  EXPECT_EQ(now.at("sites").at(0).at("lane").at(1).as_string(), "critical");
  EXPECT_TRUE(now.at("sites").at(0).at("kpis").at(0).at("direction").is_null());
  const Answer metrics = get("/metrics");
  EXPECT_TRUE(metrics.has("Content-Type: text/plain; version=0.0.4"));
  EXPECT_NE(metrics.body.find("tocsin_stream_readers_total"), std::string::npos);
}

TEST_F(Api, ReloadKeepsOrNamesEveryProblem) {
  views.reload_view = {"9a", "", {}};
  EXPECT_EQ(object(post("/api/config/reload", "")).at("version").as_string(), "9a");
  views.reload_view = {"9a", "2 problems", {{"rules/a.yaml:3:5", "unknown key"}}};
  const auto refused = object(post("/api/config/reload", ""), 400);
  EXPECT_EQ(refused.at("problems").at(0).at("place").as_string(), "rules/a.yaml:3:5");
}

TEST_F(Api, ErrorsHaveTheirStatus) {
  const std::pair<ErrorCode, int> cases[] = {
      {ErrorCode::kInvalid, 400},     {ErrorCode::kRefused, 409}, {ErrorCode::kExhausted, 503},
      {ErrorCode::kUnavailable, 503}, {ErrorCode::kCorrupt, 500}, {ErrorCode::kInternal, 500}};
  for (const auto& [code, status] : cases) {
    views.failure = Error{code, "no", ""};
    EXPECT_EQ(get("/api/now").status, status);
  }
}

TEST_F(Api, LiveStream) {
  Client client(server().port());
  client.send("GET /api/stream HTTP/1.1\r\nHost: x\r\n\r\n");
  client.take_until("\r\n\r\n");
  EXPECT_EQ(client.take_until("\n\n"), "retry: 1000\n\n");
  EXPECT_TRUE(hub.heard());
  hub.alert(alert_entry());
  const std::string event = client.take_until("\n\n");
  EXPECT_TRUE(event.starts_with("event: alert\ndata: {\"id\":\"")) << event;
  EXPECT_EQ(std::count(event.begin(), event.end(), '\n'), 3) << "data is one line";
  const KpiTick tick{"madrid",          "logins", GuardState::kOpen, {TimeMs{1}, 2, 1, 3},
                     Direction::kAbove, "5 %",    std::nullopt};
  hub.now({&tick, 1});
  EXPECT_EQ(client.take_until("\n\n"),
            "event: now\ndata: {\"kpis\":[[\"madrid\",\"logins\",\"open\",1,2,1,3,\"above\","
            "\"5 %\",null]]}\n\n");
  hub.delivery(
      {7, kAlertId, "ops", "mail", "opened", Delivery::State::kFailed, 1, {}, {}, {}, "", {}, {}});
  EXPECT_NE(client.take_until("\n\n").find("\"alert\":\"" + to_text(kAlertId)), std::string::npos);
  hub.status(views.status_view);
  hub.violation({});
  EXPECT_TRUE(client.take_until("\n\n").starts_with("event: status\n"));
  EXPECT_TRUE(client.take_until("\n\n").starts_with("event: violation\n"));
  client.close();
  for (int i = 0; hub.readers() > 0 && i < 100'000; ++i) get("/-/healthy");
  EXPECT_EQ(hub.readers(), 0u);
}

TEST_F(Api, LiveStreamsAreBounded) {
  std::vector<std::unique_ptr<Client>> readers;
  for (int i = 0; i < 3; ++i) {
    readers.push_back(std::make_unique<Client>(server().port()));
    readers.back()->send("GET /api/stream HTTP/1.1\r\nHost: x\r\n\r\n");
    readers.back()->take_until("retry: 1000\n\n");
  }
  const Answer refused = get("/api/stream");
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.has("Retry-After"));
}

}  // namespace
}  // namespace tocsin::server
