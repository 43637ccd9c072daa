// Jira, Zendesk and a second Alertmanager: conversations, step by step.

#include "respond/answer.h"
#include "respond/following.h"
#include "respond/test_kinds.h"
#include "respond/ticket.h"

namespace tocsin::respond {
namespace {

using testing::http_answer;
using testing::message;
using testing::payment_alert;
using testing::play;
using testing::receiver_from;
using testing::resolved;

const std::string kJira =
    "kind: jira, url: 'https://acme.atlassian.net/', user: ada, password_env: JT, project: OPS, "
    "priorities: {critical: Highest}, labels: [payments]";
const std::string kZendesk =
    "kind: zendesk, url: 'https://acme.zendesk.com', user: ada@acme.com/token, password_env: ZT";
const std::string kManager = "kind: alertmanager, url: 'http://am:9093', repeat: 30s";
constexpr const char* kRef = R"({"ticket":"OPS-7","acknowledged":false})";
constexpr const char* kTicket = R"({"ticket":"35","acknowledged":false})";

AlertView acknowledged() {
  AlertView out = payment_alert();
  out.acknowledged_by = "ada";
  return out;
}

struct Case {
  const char* name;
  std::string yaml;
  Event event;
  AlertView alert;
  const char* external;
  size_t others_open;
  std::vector<net::HttpAnswer> answers;
  std::vector<const char*> requests;  // "POST /path", each a part of method and URL
  Outcome outcome;
  const char* said;
  const char* ticket;  // kept afterwards; "" = nothing kept
};
class Tickets : public ::testing::TestWithParam<Case> {};
TEST_P(Tickets, AreWrittenInTurns) {
  const Case& given = GetParam();
  Message sent = message(given.event, given.alert, given.external);
  sent.others_open = given.others_open;
  const auto played = play(receiver_from(given.yaml), sent, given.answers);
  ASSERT_EQ(played.requests.size(), given.requests.size()) << played.result.answer;
  for (size_t i = 0; i < given.requests.size(); ++i) {
    const std::string line = played.requests[i].method + " " + played.requests[i].url;
    EXPECT_NE(line.find(given.requests[i]), std::string::npos) << line;
    EXPECT_EQ(played.requests[i].headers.get("authorization").rfind("Basic ", 0), 0u);
  }
  EXPECT_EQ(played.result.outcome, given.outcome) << played.result.answer;
  EXPECT_NE(played.result.answer.find(given.said), std::string::npos) << played.result.answer;
  EXPECT_EQ(TicketRef::parse(played.result.external).id, given.ticket);
}
const net::HttpAnswer kNone = http_answer(200, R"({"issues":[]})");
const net::HttpAnswer kFound = http_answer(200, R"({"issues":[{"key":"OPS-7"}]})");
const net::HttpAnswer kMade = http_answer(201, R"({"id":"1","key":"OPS-8"})");
const net::HttpAnswer kSaid = http_answer(201, R"({"id":"9"})");
const net::HttpAnswer kMoves = http_answer(
    200, R"({"transitions":[{"id":"11","name":"Start","to":{"statusCategory":{"key":"new"}}},
             {"id":"31","name":"Close","to":{"name":"Done","statusCategory":{"key":"done"}}}]})");
const net::HttpAnswer kMoved = http_answer(204, "");
constexpr const char* kSearch = "GET https://acme.atlassian.net/rest/api/2/search/jql?jql=project";
constexpr const char* kComment = "POST https://acme.atlassian.net/rest/api/2/issue/OPS-7/comment";
constexpr const char* kMove = "https://acme.atlassian.net/rest/api/2/issue/OPS-7/transitions";
constexpr const char* kAsk = "GET https://acme.zendesk.com/api/v2/tickets.json?external_id=tocsin-";
constexpr const char* kPut = "PUT https://acme.zendesk.com/api/v2/tickets/35.json";
const net::HttpAnswer kZNone = http_answer(200, R"({"tickets":[{"id":34,"status":"solved"}]})");
const net::HttpAnswer kZFound = http_answer(200, R"({"tickets":[{"id":35,"status":"open"}]})");
const net::HttpAnswer kZMade = http_answer(201, R"({"ticket":{"id":35,"status":"new"}})");
INSTANTIATE_TEST_SUITE_P(
    All, Tickets,
    ::testing::Values(Case{"jira_made",
                           kJira,
                           Event::kOpened,
                           payment_alert(),
                           "",
                           0,
                           {kNone, kMade},
                           {kSearch, "POST https://acme.atlassian.net/rest/api/2/issue"},
                           Outcome::kSent,
                           "201 in 6 ms: OPS-8",
                           "OPS-8"},
                      Case{"jira_joined",
                           kJira,
                           Event::kOpened,
                           payment_alert(),
                           "",
                           0,
                           {kFound, kSaid},
                           {kSearch, kComment},
                           Outcome::kSent,
                           "OPS-7",
                           "OPS-7"},
                      Case{"jira_search_down",
                           kJira,
                           Event::kOpened,
                           payment_alert(),
                           "",
                           0,
                           {http_answer(503, "")},
                           {kSearch},
                           Outcome::kRetry,
                           "503",
                           ""},
                      Case{"jira_search_nonsense",
                           kJira,
                           Event::kOpened,
                           payment_alert(),
                           "",
                           0,
                           {http_answer(200, "<html>")},
                           {kSearch},
                           Outcome::kRetry,
                           "not Jira's JSON",
                           ""},
                      Case{"jira_field_refused",
                           kJira,
                           Event::kOpened,
                           payment_alert(),
                           "",
                           0,
                           {kNone, http_answer(400, R"({"errors":{"priority":"no"}})")},
                           {kSearch, "/issue"},
                           Outcome::kFinal,
                           "priority",
                           ""},
                      Case{"jira_made_without_key",
                           kJira,
                           Event::kOpened,
                           payment_alert(),
                           "",
                           0,
                           {kNone, http_answer(200, "{}")},
                           {kSearch, "/issue"},
                           Outcome::kRetry,
                           "no issue's key",
                           ""},
                      Case{"jira_acknowledged",
                           kJira,
                           Event::kUpdated,
                           acknowledged(),
                           kRef,
                           0,
                           {kSaid},
                           {kComment},
                           Outcome::kSent,
                           "OPS-7",
                           "OPS-7"},
                      Case{"jira_acknowledged_before",
                           kJira,
                           Event::kUpdated,
                           acknowledged(),
                           R"({"ticket":"OPS-7","acknowledged":true})",
                           0,
                           {},
                           {},
                           Outcome::kSent,
                           "nothing new",
                           ""},
                      Case{"jira_worse",
                           kJira,
                           Event::kUpdated,
                           payment_alert(),
                           kRef,
                           0,
                           {},
                           {},
                           Outcome::kSent,
                           "nothing new",
                           ""},
                      Case{"jira_resolved",
                           kJira,
                           Event::kResolved,
                           resolved(payment_alert()),
                           kRef,
                           0,
                           {kSaid, kMoves, kMoved},
                           {kComment, "GET ", kMove},
                           Outcome::kSent,
                           "OPS-7, Close",
                           ""},
                      Case{"jira_resolved_others_open",
                           kJira,
                           Event::kResolved,
                           resolved(payment_alert()),
                           kRef,
                           2,
                           {kSaid},
                           {kComment},
                           Outcome::kSent,
                           "left open for 2 other",
                           "OPS-7"},
                      Case{"jira_stays_open",
                           kJira + ", close: false",
                           Event::kResolved,
                           resolved(payment_alert()),
                           kRef,
                           0,
                           {kSaid},
                           {kComment},
                           Outcome::kSent,
                           "OPS-7",
                           "OPS-7"},
                      Case{"jira_named_transition",
                           kJira + ", transition: Start",
                           Event::kResolved,
                           resolved(payment_alert()),
                           kRef,
                           0,
                           {kSaid, kMoves, kMoved},
                           {kComment, "GET ", kMove},
                           Outcome::kSent,
                           "OPS-7, Start",
                           ""},
                      Case{"jira_no_transition",
                           kJira + ", transition: Nowhere",
                           Event::kResolved,
                           resolved(payment_alert()),
                           kRef,
                           0,
                           {kSaid, kMoves},
                           {kComment, "GET "},
                           Outcome::kSent,
                           "no transition closes it",
                           ""},
                      Case{"jira_deleted",
                           kJira,
                           Event::kResolved,
                           resolved(payment_alert()),
                           kRef,
                           0,
                           {http_answer(404, "")},
                           {kComment},
                           Outcome::kFinal,
                           "OPS-7 is gone",
                           ""},
                      Case{"jira_resolved_without_ticket",
                           kJira,
                           Event::kResolved,
                           resolved(payment_alert()),
                           "",
                           0,
                           {kNone},
                           {kSearch},
                           Outcome::kSent,
                           "no open ticket",
                           ""},
                      Case{"jira_test",
                           kJira,
                           Event::kTest,
                           payment_alert(),
                           "",
                           0,
                           {http_answer(200, R"({"key":"OPS"})")},
                           {"GET https://acme.atlassian.net/rest/api/2/project/OPS"},
                           Outcome::kSent,
                           "200",
                           ""},
                      Case{"jira_test_login_page",
                           kJira,
                           Event::kTest,
                           payment_alert(),
                           "",
                           0,
                           {http_answer(200, "<html>")},
                           {"GET "},
                           Outcome::kRetry,
                           "no project",
                           ""},
                      Case{"jira_server",
                           kJira + ", edition: server",
                           Event::kOpened,
                           payment_alert(),
                           "",
                           0,
                           {http_answer(503, "")},
                           {"/rest/api/2/search?jql="},
                           Outcome::kRetry,
                           "503",
                           ""},
                      Case{"zendesk_made",
                           kZendesk,
                           Event::kOpened,
                           payment_alert(),
                           "",
                           0,
                           {kZNone, kZMade},
                           {kAsk, "POST https://acme.zendesk.com/api/v2/tickets.json"},
                           Outcome::kSent,
                           "ticket 35",
                           "35"},
                      Case{"zendesk_joined",
                           kZendesk,
                           Event::kOpened,
                           payment_alert(),
                           "",
                           0,
                           {kZFound, kZMade},
                           {kAsk, kPut},
                           Outcome::kSent,
                           "ticket 35",
                           "35"},
                      Case{"zendesk_resolved",
                           kZendesk,
                           Event::kResolved,
                           resolved(payment_alert()),
                           kTicket,
                           0,
                           {kZMade},
                           {kPut},
                           Outcome::kSent,
                           "35, solved",
                           "35"},
                      Case{"zendesk_resolved_others_open",
                           kZendesk,
                           Event::kResolved,
                           resolved(payment_alert()),
                           kTicket,
                           1,
                           {kZMade},
                           {kPut},
                           Outcome::kSent,
                           "ticket 35",
                           "35"},
                      Case{"zendesk_closed_for_good",
                           kZendesk,
                           Event::kResolved,
                           resolved(payment_alert()),
                           kTicket,
                           0,
                           {http_answer(422, R"({"error":"RecordInvalid"})")},
                           {kPut},
                           Outcome::kFinal,
                           "takes nothing more",
                           ""},
                      Case{"zendesk_test",
                           kZendesk,
                           Event::kTest,
                           payment_alert(),
                           "",
                           0,
                           {http_answer(200, R"({"user":{"id":5}})")},
                           {"GET https://acme.zendesk.com/api/v2/users/me.json"},
                           Outcome::kSent,
                           "200",
                           ""},
                      Case{"zendesk_test_nobody",
                           kZendesk,
                           Event::kTest,
                           payment_alert(),
                           "",
                           0,
                           {http_answer(200, R"({"user":{"id":null}})")},
                           {"GET "},
                           Outcome::kRetry,
                           "nobody",
                           ""}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Tickets, AnIssueHasTheDocumentedShape) {
  const auto played =
      play(receiver_from(kJira), message(Event::kOpened, payment_alert()), {kNone, kMade});
  const JsonAnswer issue(played.requests[1].body);
  EXPECT_EQ(issue.text("fields.project.key"), "OPS");
  EXPECT_EQ(issue.text("fields.issuetype.name"), "Task");
  EXPECT_EQ(issue.text("fields.priority.name"), "Highest");
  EXPECT_EQ(issue.text("fields.labels.0"), "tocsin");
  EXPECT_EQ(issue.text("fields.labels.1"), ticket_mark({}, payment_alert()));
  EXPECT_EQ(issue.text("fields.labels.2"), "payments");
  EXPECT_NE(issue.text("fields.summary").find("payments_ok"), std::string::npos);
  const auto moved =
      play(receiver_from(kJira), message(Event::kResolved, resolved(payment_alert()), kRef),
           {kSaid, kMoves, kMoved});
  EXPECT_EQ(JsonAnswer(moved.requests[2].body).text("transition.id"), "31");
}

TEST(Tickets, AZendeskTicketHasTheDocumentedShape) {
  const auto played =
      play(receiver_from(kZendesk), message(Event::kOpened, payment_alert()), {kZNone, kZMade});
  EXPECT_EQ(played.requests[1].headers.get("idempotency-key"), "key-7");
  const JsonAnswer ticket(played.requests[1].body);
  EXPECT_EQ(ticket.text("ticket.priority"), "urgent");
  EXPECT_EQ(ticket.text("ticket.type"), "incident");
  EXPECT_EQ(ticket.text("ticket.comment.public"), "false");
  EXPECT_EQ(ticket.text("ticket.external_id"), ticket_mark({}, payment_alert()));
  const auto solved = play(receiver_from(kZendesk),
                           message(Event::kResolved, resolved(payment_alert()), kTicket), {kZMade});
  EXPECT_EQ(JsonAnswer(solved.requests[0].body).text("ticket.status"), "solved");
}

TEST(Tickets, AlertsShareOneByTheLabelsTheyShare) {
  AlertView other = payment_alert();
  other.id.low = 99;
  EXPECT_NE(ticket_mark({}, payment_alert()), ticket_mark({}, other));
  EXPECT_EQ(ticket_mark({"rule", "site"}, payment_alert()), ticket_mark({"rule", "site"}, other));
  other.opened.edit(
      [](Decision& d) { d.scope = Labels(std::vector<Labels::Pair>{{"site", "rome"}}); });
  EXPECT_NE(ticket_mark({"rule", "site"}, payment_alert()), ticket_mark({"rule", "site"}, other));
  EXPECT_EQ(ticket_mark({"rule"}, payment_alert()), ticket_mark({"rule"}, other));
}

// What people closed over there becomes a note, once.
struct Asked {
  const char* name;
  std::string yaml;
  const char* external;
  const char* body;
  std::string note;  // that the alert has already
  std::vector<std::string> heard;
};
class TicketsAsked : public ::testing::TestWithParam<Asked> {};
TEST_P(TicketsAsked, TellWhatPeopleDid) {
  const Asked& given = GetParam();
  auto alert = std::make_shared<AlertView>(payment_alert());
  if (!given.note.empty()) alert->notes.push_back({{}, "ops", given.note});
  std::vector<std::string> heard;
  const Receiver receiver = receiver_from(given.yaml);
  const auto& target = dynamic_cast<const HttpTarget&>(*receiver.target);
  Step step = target.follow(Links{}, {{alert, given.external}}, TimeMs{1},
                            [&](const Id128&, const std::string& note) { heard.push_back(note); });
  if (step.request) step = step.then(http_answer(200, given.body), TimeMs{1});
  EXPECT_FALSE(step.request);
  EXPECT_EQ(heard, given.heard);
}
constexpr const char* kDone =
    R"({"issues":[{"key":"OPS-7","fields":{"status":{"name":"Done"}}},
                  {"key":"OPS-9","fields":{"status":{"name":"Done"}}}]})";
const std::string kNote = "Jira ticket OPS-7 was set to Done";
INSTANTIATE_TEST_SUITE_P(
    All, TicketsAsked,
    ::testing::Values(Asked{"jira_closed", kJira, kRef, kDone, "", {kNote}},
                      Asked{"jira_noted_before", kJira, kRef, kDone, kNote, {}},
                      Asked{"jira_another", kJira, R"({"ticket":"OPS-1"})", kDone, "", {}},
                      Asked{"jira_no_ticket", kJira, "", kDone, "", {}},
                      Asked{"jira_nonsense", kJira, kRef, "<html>", "", {}},
                      Asked{"zendesk_solved",
                            kZendesk,
                            kTicket,
                            R"({"tickets":[{"id":35,"status":"solved"}]})",
                            "",
                            {"Zendesk ticket 35 was set to solved"}},
                      Asked{"zendesk_pending",
                            kZendesk,
                            kTicket,
                            R"({"tickets":[{"id":35,"status":"pending"}]})",
                            "",
                            {}},
                      Asked{"zendesk_no_ticket", kZendesk, "", "", "", {}}),
    [](const auto& tested) { return std::string(tested.param.name); });

struct Posted {
  const char* name;
  Event event;
  AlertView alert;
  const char* ends;
};
class AlertmanagerPosts : public ::testing::TestWithParam<Posted> {};
TEST_P(AlertmanagerPosts, AnEndThatFits) {
  const auto played = play(receiver_from(kManager), message(GetParam().event, GetParam().alert),
                           {http_answer(200, "")});
  ASSERT_EQ(played.requests.size(), 1u);
  EXPECT_EQ(played.requests[0].url, "http://am:9093/api/v2/alerts");
  const JsonAnswer body(played.requests[0].body);
  EXPECT_EQ(body.text("0.labels.alertname"), "payment-provider");
  EXPECT_EQ(body.text("0.labels.site"), "madrid");
  EXPECT_EQ(body.text("0.startsAt"), "2026-11-23T14:32:45.120Z");
  EXPECT_EQ(body.text("0.endsAt"), GetParam().ends);
  EXPECT_EQ(played.result.outcome, Outcome::kSent);
}
INSTANTIATE_TEST_SUITE_P(
    All, AlertmanagerPosts,
    ::testing::Values(Posted{"opened", Event::kOpened, payment_alert(), "2026-11-23T14:34:55.120Z"},
                      Posted{"updated", Event::kUpdated, acknowledged(),
                             "2026-11-23T14:34:55.120Z"},
                      Posted{"resolved", Event::kResolved, resolved(payment_alert()),
                             "2026-11-23T14:38:25.120Z"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Alertmanager, IsToldAgainInBatches) {
  const Receiver receiver = receiver_from(kManager);
  const auto& target = dynamic_cast<const HttpTarget&>(*receiver.target);
  EXPECT_EQ(target.follows(), seconds(30));
  std::vector<Followed> open(600, {std::make_shared<AlertView>(payment_alert()), ""});
  Step step = target.follow(Links{}, open, TimeMs{1}, nullptr);
  std::vector<size_t> sizes;
  while (step.request) {
    sizes.push_back(JsonAnswer(step.request->body).count(""));
    step = step.then(http_answer(200, ""), TimeMs{1});
  }
  EXPECT_EQ(sizes, (std::vector<size_t>{256, 256, 88}));
}

class FollowingTest : public ::testing::Test {
 protected:
  static Receivers receivers() {
    Receiver jira = receiver_from(kJira + ", per: [site]");
    Receiver hook = receiver_from("kind: webhook, url: 'http://h/'");
    hook.name = "hook";
    return Receivers({jira, hook}, Links{});
  }
  void note(uint64_t number, AlertView view) {
    auto record = std::make_shared<supervisor::AlertRecord>();
    view.id.low = number;
    record->view = view;
    record->told = {"ops", "hook"};
    supervisor::Changes changes;
    changes.alerts.push_back(record);
    following_.note(changes, receivers_);
  }
  Counters counters_;
  Receivers receivers_ = receivers();
  Following following_{counters_};
};

TEST_F(FollowingTest, KeepsWhatIsOpenForThoseWhoAsk) {
  note(1, payment_alert());
  note(2, payment_alert());
  EXPECT_EQ(following_.open("ops").size(), 2u);
  EXPECT_TRUE(following_.open("hook").empty());
  Message first = message(Event::kResolved, payment_alert());
  first.notice.alert = following_.open("ops")[0].alert;
  EXPECT_EQ(following_.others(receivers_.list()[0], first), 1u);
  following_.answered(first.notice.alert->id, "ops", kRef);
  EXPECT_EQ(following_.open("ops")[0].external, kRef);
  note(2, resolved(payment_alert()));
  EXPECT_EQ(following_.open("ops").size(), 1u);
  EXPECT_EQ(following_.others(receivers_.list()[0], first), 0u);
}

TEST_F(FollowingTest, AsksAtItsIntervalAsLongAsSomethingIsOpen) {
  const TimeMs start{1'000'000};
  using Names = std::vector<std::string>;
  EXPECT_EQ(following_.next_due(), kTimeMax);
  note(1, payment_alert());
  EXPECT_EQ(following_.take_due(receivers_, start), Names{});
  EXPECT_EQ(following_.next_due(), start + minutes(1));
  EXPECT_EQ(following_.take_due(receivers_, start + milliseconds(59'999)), Names{});
  EXPECT_EQ(following_.take_due(receivers_, start + minutes(1)), Names{"ops"});
  EXPECT_EQ(following_.next_due(), start + minutes(2));
  note(1, resolved(payment_alert()));
  EXPECT_EQ(following_.take_due(receivers_, start + minutes(9)), Names{});
  EXPECT_EQ(following_.next_due(), kTimeMax);
}

}  // namespace
}  // namespace tocsin::respond
