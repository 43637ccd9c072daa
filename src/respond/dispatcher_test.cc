#include "respond/dispatcher.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>

#include "net/test_servers.h"
#include "respond/mail.h"
#include "respond/slack.h"
#include "respond/test_kinds.h"
#include "respond/test_mail_reader.h"
#include "respond/test_notices.h"
#include "respond/webhook.h"
#include "supervisor/archive.h"

namespace tocsin::respond {
namespace {

using net::testing::HttpSeen;
using net::testing::HttpTestServer;
using net::testing::SmtpTestServer;
using State = Delivery::State;

const TimeMs kStart = *parse_time("2026-11-23T14:33:00Z");

Receiver webhook(const std::string& name, const HttpTestServer& server) {
  auto target = std::make_shared<WebhookTarget>();
  target->url = server.url("/" + name);
  target->http.timeout = seconds(5);
  return {.name = name, .place = "", .target = target};
}

Receiver slack(const std::string& name, const HttpTestServer& server,
               DurationMs timeout = seconds(10)) {
  auto target = std::make_shared<SlackTarget>();
  target->token = Secret("xoxb-1");
  target->channel = "#alerts";
  target->api_url = server.url("/api");
  target->http.timeout = timeout;
  return {.name = name, .place = "", .updates = true, .target = target};
}

std::shared_ptr<const Receivers> configured(std::vector<Receiver> list) {
  return std::make_shared<const Receivers>(std::move(list), Links{});
}

class DispatcherTest : public ::testing::Test {
 protected:
  void start(std::vector<Receiver> list) {
    dispatcher_.emplace(Dispatcher::Options{}, configured(std::move(list)), outbound_, clock_,
                        counters_, [this](DispatchChanges changes) { take(std::move(changes)); });
  }
  void take(DispatchChanges changes) {
    for (auto& row : changes.outbox.rows) ledger_[row.delivery.id] = row.delivery;
    for (const int64_t id : changes.outbox.merged) merged_.push_back(id);
    for (auto& message : changes.inbox) inbox_.push_back(std::move(message));
  }
  static AlertView alert(int64_t number, bool closed = false) {
    AlertView out = testing::payment_alert();
    out.id.low = static_cast<uint64_t>(number);
    return closed ? testing::resolved(out) : out;
  }
  supervisor::Changes planned(int64_t id, const AlertView& view, const std::string& receiver,
                              Event event) {
    supervisor::Changes out;
    auto record = std::make_shared<supervisor::AlertRecord>();
    record->view = view;
    record->told = {receiver};
    out.alerts.push_back(record);
    out.intents.push_back(
        {id, view.id, receiver, event, clock_.now(), "key-" + std::to_string(id)});
    return out;
  }
  void tell(int64_t id, const std::string& receiver, Event event, int64_t number = 1) {
    const AlertView view = alert(number, event == Event::kResolved);
    dispatcher_->committed(planned(id, view, receiver, event));
  }
  template <class Met>
  void run_until(Met met) {
    for (int i = 0; i < 200 && !met(); ++i) outbound_.poll(milliseconds(100));
    ASSERT_TRUE(met()) << "it did not come";
  }
  void run_until(int64_t id, State state) {
    run_until([&] { return ledger_.contains(id) && ledger_[id].state == state; });
  }
  void pass(DurationMs span) {
    clock_.advance(span);
    outbound_.wake();
  }

  ManualClock clock_{kStart};
  Counters counters_;
  net::Outbound outbound_{{}, counters_};
  std::optional<Dispatcher> dispatcher_;
  std::map<int64_t, Delivery> ledger_;
  std::vector<int64_t> merged_;
  std::vector<InboxMessage> inbox_;
};

TEST_F(DispatcherTest, AnOpeningIsSentAndEnteredInTheLedger) {
  HttpTestServer server([](const HttpSeen&) { return HttpTestServer::answer(202, "thanks"); });
  start({webhook("ops", server)});
  tell(7, "ops", Event::kOpened);
  run_until(7, State::kSent);
  EXPECT_EQ(ledger_[7].attempts, 1u);
  EXPECT_EQ(ledger_[7].kind, "webhook");
  EXPECT_EQ(ledger_[7].answer.rfind("202 in ", 0), 0u) << ledger_[7].answer;
  EXPECT_EQ(ledger_[7].next_try, TimeMs{});
  ASSERT_EQ(server.seen().size(), 1u);
  EXPECT_EQ(server.seen()[0].headers.get("x-tocsin-delivery"), "key-7");
}

TEST_F(DispatcherTest, AFailureIsTriedAgainWithTheSameKey) {
  int calls = 0;
  HttpTestServer server(
      [&](const HttpSeen&) { return HttpTestServer::answer(++calls == 1 ? 500 : 200, ""); });
  start({webhook("ops", server)});
  tell(7, "ops", Event::kOpened);
  run_until(7, State::kFailed);
  EXPECT_GE(ledger_[7].next_try, kStart + seconds(2));
  outbound_.poll(milliseconds(0));
  EXPECT_EQ(server.seen().size(), 1u) << "tried again before it was due";
  pass(ledger_[7].next_try - clock_.now());
  run_until(7, State::kSent);
  EXPECT_EQ(ledger_[7].attempts, 2u);
  ASSERT_EQ(server.seen().size(), 2u);
  EXPECT_EQ(server.seen()[0].headers.get("x-tocsin-delivery"),
            server.seen()[1].headers.get("x-tocsin-delivery"));
  EXPECT_EQ(server.seen()[0].body, server.seen()[1].body);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(DispatcherTest, RetryAfterPausesThatReceiverAlone) {
  int calls = 0;
  HttpTestServer busy([&](const HttpSeen&) {
    return ++calls == 1 ? HttpTestServer::answer(429, "", "Retry-After: 30\r\n")
                        : HttpTestServer::answer(200, "");
  });
  HttpTestServer other([](const HttpSeen&) { return HttpTestServer::answer(200, ""); });
  start({webhook("busy", busy), webhook("other", other)});
  tell(1, "busy", Event::kOpened, 1);
  run_until(1, State::kFailed);
  EXPECT_EQ(ledger_[1].next_try, kStart + seconds(30));
  tell(2, "busy", Event::kOpened, 2);
  tell(3, "other", Event::kOpened, 2);
  run_until(3, State::kSent);
  EXPECT_EQ(busy.seen().size(), 1u);
  pass(milliseconds(29'999));
  outbound_.poll(milliseconds(0));
  outbound_.poll(milliseconds(0));
  EXPECT_EQ(busy.seen().size(), 1u);
  pass(milliseconds(1));
  run_until(1, State::kSent);
  run_until(2, State::kSent);
}

TEST_F(DispatcherTest, SlackIsPostedThenUpdatedInOrder) {
  HttpTestServer server([](const HttpSeen&) {
    return HttpTestServer::answer(200, R"({"ok":true,"channel":"C9","ts":"17.5"})");
  });
  start({slack("chat", server)});
  tell(1, "chat", Event::kOpened);
  outbound_.poll(milliseconds(0));  // the opening is under way when the update comes
  tell(2, "chat", Event::kUpdated);
  tell(3, "chat", Event::kResolved);
  run_until(3, State::kSent);
  const auto seen = server.seen();
  ASSERT_EQ(seen.size(), 2u);  // the update was carried by the resolution
  EXPECT_EQ(seen[0].target, "/api/chat.postMessage");
  EXPECT_EQ(seen[1].target, "/api/chat.update");
  const auto body = boost::json::parse(seen[1].body);
  EXPECT_EQ(body.at("channel").as_string(), "C9");
  EXPECT_EQ(body.at("ts").as_string(), "17.5");
  EXPECT_NE(seen[1].body.find("resolved"), std::string::npos);
}

TEST_F(DispatcherTest, TheEndOfADeletedSlackMessageIsPostedAnew) {
  HttpTestServer server([](const HttpSeen& seen) {
    return HttpTestServer::answer(200, seen.target == "/api/chat.update"
                                           ? R"({"ok":false,"error":"message_not_found"})"
                                           : R"({"ok":true,"channel":"C9","ts":"17.5"})");
  });
  start({slack("chat", server)});
  tell(1, "chat", Event::kOpened);
  run_until(1, State::kSent);
  tell(2, "chat", Event::kResolved);
  run_until(2, State::kFailed);
  pass(seconds(5));
  run_until(2, State::kSent);
  EXPECT_EQ(server.seen().back().target, "/api/chat.postMessage");
}

struct RefusalCase {
  const char* name;
  const char* answer;  // raw
  State state;
  const char* said;
};
class DispatcherRefusals : public DispatcherTest,
                           public ::testing::WithParamInterface<RefusalCase> {};
TEST_P(DispatcherRefusals, AreInTheLedger) {
  HttpTestServer server([](const HttpSeen&) { return std::string(GetParam().answer); });
  const bool silent = *GetParam().answer == 0;
  start({slack("chat", server, silent ? milliseconds(50) : seconds(10))});
  tell(1, "chat", Event::kOpened);
  run_until(1, GetParam().state);
  EXPECT_NE(ledger_[1].answer.find(GetParam().said), std::string::npos) << ledger_[1].answer;
  EXPECT_EQ(ledger_[1].next_try.ms != 0, GetParam().state == State::kFailed);
}
INSTANTIATE_TEST_SUITE_P(
    All, DispatcherRefusals,
    ::testing::Values(RefusalCase{"ok_false",
                                  "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"
                                  "{\"ok\":false,\"error\":\"channel_not_found\"} ",
                                  State::kGivenUp, "ok:false channel_not_found"},
                      RefusalCase{"garbage", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
                                  State::kFailed, "not Slack's JSON"},
                      RefusalCase{"not_http", "220 smtp\r\n", State::kFailed, "no answer"},
                      RefusalCase{"closes", "close", State::kFailed, "no answer"},
                      RefusalCase{"never_answers", "", State::kFailed, "no answer"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(DispatcherTest, ASlowReceiverHoldsUpOnlyItself) {
  HttpTestServer slow([](const HttpSeen&) { return std::string(); });
  HttpTestServer quick([](const HttpSeen&) { return HttpTestServer::answer(200, ""); });
  start({webhook("slow", slow), webhook("quick", quick)});
  for (int64_t i = 0; i < 20; ++i) tell(1 + i, "slow", Event::kOpened, i);
  for (int64_t i = 0; i < 20; ++i) tell(100 + i, "quick", Event::kOpened, i);
  for (int64_t i = 0; i < 20; ++i) run_until(100 + i, State::kSent);
  EXPECT_LE(slow.connections(), 4);  // parallel
  EXPECT_LE(quick.connections(), 4);
}

TEST_F(DispatcherTest, AReceiverThatIsGoneIsGivenUpWithItsName) {
  start({});
  tell(1, "gone", Event::kOpened);
  run_until(1, State::kGivenUp);
  EXPECT_NE(ledger_[1].answer.find("no receiver gone"), std::string::npos);
}

TEST_F(DispatcherTest, WhoTakesNoUpdatesGetsNoneAndTheLedgerKeepsNoTrace) {
  HttpTestServer server([](const HttpSeen&) { return HttpTestServer::answer(200, ""); });
  start({webhook("ops", server)});
  tell(1, "ops", Event::kOpened);
  run_until(1, State::kSent);
  tell(2, "ops", Event::kUpdated);
  tell(3, "ops", Event::kResolved);
  run_until(3, State::kSent);
  EXPECT_EQ(server.seen().size(), 2u);
  EXPECT_EQ(merged_, std::vector<int64_t>{2});
  EXPECT_FALSE(ledger_.contains(2));
}

TEST_F(DispatcherTest, MailsOfOneAlertAreOneThread) {
  SmtpTestServer server;
  auto target = std::make_shared<MailTarget>();
  target->server.host = "127.0.0.1";
  target->server.port = server.port();
  target->server.security = net::SmtpSecurity::kNone;
  target->from = "tocsin@example.com";
  target->to = {"ada@example.com"};
  start({{.name = "post", .place = "", .target = target}});
  tell(1, "post", Event::kOpened);
  run_until(1, State::kSent);
  tell(2, "post", Event::kResolved);
  run_until(2, State::kSent);
  EXPECT_EQ(ledger_[2].answer.rfind("250 2.0.0 queued as 1F", 0), 0u) << ledger_[2].answer;
  ASSERT_EQ(server.mails().size(), 2u);
  const auto first = testing::read_mail(server.mails()[0].data);
  const auto second = testing::read_mail(server.mails()[1].data);
  EXPECT_EQ(second.headers.at("In-Reply-To"), first.headers.at("Message-ID"));
  EXPECT_EQ(first.parts.size(), 2u);
}

TEST_F(DispatcherTest, TheInboxKeepsWhatWouldHaveBeenSent) {
  start(
      {{.name = "inbox", .place = "", .updates = true, .target = std::make_shared<InboxTarget>()}});
  tell(1, "inbox", Event::kOpened);
  run_until(1, State::kSent);
  ASSERT_EQ(inbox_.size(), 3u);
  EXPECT_EQ(inbox_[0].kind, "slack");
  EXPECT_EQ(inbox_[1].kind, "mail");
  EXPECT_EQ(inbox_[2].kind, "webhook");
  tell(2, "inbox", Event::kUpdated);
  run_until(2, State::kSent);
  ASSERT_EQ(inbox_.size(), 4u);
  EXPECT_EQ(inbox_[3].url, "https://slack.com/api/chat.update");
}

TEST_F(DispatcherTest, ATestMessageGivesItsRow) {
  HttpTestServer server([](const HttpSeen&) { return HttpTestServer::answer(503, "no"); });
  start({webhook("ops", server)});
  std::optional<Delivery> row;
  ASSERT_TRUE(dispatcher_->test("ops", [&](Delivery d) { row = std::move(d); }));
  run_until([&] { return row.has_value(); });
  EXPECT_EQ(row->state, State::kFailed);
  EXPECT_EQ(row->event, "test");
  EXPECT_EQ(row->kind, "webhook");
  EXPECT_EQ(row->attempts, 1u);
  EXPECT_NE(row->answer.find("503"), std::string::npos);
  EXPECT_NE(server.seen()[0].body.find("nothing is wrong"), std::string::npos);
  const auto unknown = dispatcher_->test("opz", [](Delivery) { FAIL() << "called"; });
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("there are: ops"), std::string::npos);
}

TEST_F(DispatcherTest, ANoticeToAPersonIsOneAttemptAndAboutNoAlert) {
  int status = 503;
  HttpTestServer server([&](const HttpSeen&) { return HttpTestServer::answer(status, "no"); });
  start({webhook("ana/hook", server)});
  PersonNotice notice;
  notice.key = "a1";
  notice.receiver = "ana/hook";
  notice.subject = "You are on call for Payments";
  notice.text = "Off: bob.";
  const auto tell_it = [&] {
    std::optional<Delivery> row;
    EXPECT_TRUE(dispatcher_->tell(notice, [&](Delivery d) { row = std::move(d); }));
    run_until([&] { return row.has_value(); });
    return *row;
  };
  EXPECT_EQ(tell_it().state, State::kFailed) << "its keeper tries again";
  status = 200;
  EXPECT_EQ(tell_it().state, State::kSent);
  ASSERT_EQ(server.seen().size(), 2u);
  EXPECT_NE(server.seen()[1].body.find("You are on call for Payments"), std::string::npos);
  EXPECT_NE(server.seen()[1].body.find("/oncall"), std::string::npos) << "it leads to page On call";
  notice.receiver = "dan/hook";
  EXPECT_FALSE(dispatcher_->tell(notice, [](Delivery) { FAIL() << "called"; }));
}

TEST_F(DispatcherTest, OwnWordsAreUsedAndFailingOnesAreVisible) {
  HttpTestServer server([](const HttpSeen&) { return HttpTestServer::answer(200, ""); });
  Receiver receiver = webhook("ops", server);
  receiver.title = *Template::parse("{severity} in {label.site}");
  receiver.text = *Template::parse("{label.customer}");
  start({receiver});
  tell(1, "ops", Event::kOpened);
  run_until(1, State::kSent);
  const auto body = boost::json::parse(server.seen()[0].body);
  const auto& said = body.at("commonAnnotations");
  EXPECT_EQ(said.at("summary").as_string(), "critical in madrid");
  EXPECT_NE(said.at("description").as_string().find("nothing is paid"), std::string::npos);
  EXPECT_NE(ledger_[1].answer.find("; template text not used: the alert has no label.customer"),
            std::string::npos)
      << ledger_[1].answer;
}

// Two alerts of one group at once: the second waits until the first one's ticket is there.
TEST_F(DispatcherTest, TwoAlertsOfOneGroupMakeOneTicket) {
  std::atomic<int> made{0};
  HttpTestServer server([&](const HttpSeen& seen) {
    if (seen.target.find("/search") != std::string::npos)
      return HttpTestServer::answer(
          200, made > 0 ? R"({"issues":[{"key":"OPS-1"}]})" : R"({"issues":[]})");
    if (seen.target == "/rest/api/2/issue") {
      ++made;
      return HttpTestServer::answer(201, R"({"key":"OPS-1"})");
    }
    return HttpTestServer::answer(201, R"({"id":"1"})");
  });
  Receiver jira = testing::receiver_from("kind: jira, url: '" + server.url("") +
                                         "', token_env: T, project: OPS, per: [site]");
  start({jira});
  for (int64_t i = 1; i <= 4; ++i) tell(i, "ops", Event::kOpened, i);
  for (int64_t i = 1; i <= 4; ++i) run_until(i, State::kSent);
  EXPECT_EQ(made, 1);
}

TEST_F(DispatcherTest, ATicketClosedByAPersonIsHeardOf) {
  HttpTestServer server([&](const HttpSeen& seen) {
    if (seen.target.find("/search") == std::string::npos)
      return HttpTestServer::answer(201, R"({"key":"OPS-1"})");
    return HttpTestServer::answer(
        200, seen.target.find("%3D%20Done") == std::string::npos
                 ? R"({"issues":[]})"
                 : R"({"issues":[{"key":"OPS-1","fields":{"status":{"name":"Closed"}}}]})");
  });
  start({testing::receiver_from("kind: jira, url: '" + server.url("") +
                                "', token_env: T, project: OPS, poll: 10s")});
  std::vector<supervisor::Command> heard;
  dispatcher_->set_heard([&](supervisor::Command command) { heard.push_back(command); });
  tell(1, "ops", Event::kOpened);
  run_until(1, State::kSent);
  outbound_.wake();
  outbound_.poll(milliseconds(0));
  EXPECT_TRUE(heard.empty());
  pass(seconds(10));
  run_until([&] { return !heard.empty(); });
  EXPECT_EQ(heard[0].by, "ops");
  const auto& note = std::get<supervisor::AddNote>(heard[0].what);
  EXPECT_EQ(note.alert, alert(1).id);
  EXPECT_EQ(note.text, "Jira ticket OPS-1 was set to Closed");
}

TEST_F(DispatcherTest, WhatComesFasterThanTheServiceTakesWaits) {
  HttpTestServer server([](const HttpSeen&) { return HttpTestServer::answer(202, ""); });
  start({testing::receiver_from("kind: teams, url: '" + server.url("/hook") + "', parallel: 32")});
  for (int64_t i = 1; i <= 6; ++i) tell(i, "ops", Event::kOpened, i);
  for (int64_t i = 1; i <= 4; ++i) run_until(i, State::kSent);
  outbound_.poll(milliseconds(0));
  EXPECT_EQ(server.seen().size(), 4u);
  pass(milliseconds(250));
  run_until(5, State::kSent);
  EXPECT_EQ(server.seen().size(), 5u);
  pass(milliseconds(250));
  run_until(6, State::kSent);
}

TEST_F(DispatcherTest, AReloadedConfigurationCountsAtOnce) {
  HttpTestServer before([](const HttpSeen&) { return HttpTestServer::answer(200, ""); });
  HttpTestServer after([](const HttpSeen&) { return HttpTestServer::answer(200, ""); });
  start({webhook("ops", before)});
  dispatcher_->replace(configured({webhook("ops", after)}));
  tell(1, "ops", Event::kOpened);
  run_until(1, State::kSent);
  EXPECT_EQ(before.connections(), 0);
  EXPECT_EQ(after.seen().size(), 1u);
}

// What was committed and not sent when the process died is sent after the restart, with its key.
TEST_F(DispatcherTest, ARestartTakesUpWhatWasPlanned) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("tocsin_dispatcher_" + std::to_string(::getpid()) + ".db");
  std::filesystem::remove(path);
  auto database = state::Database::open(path.string());
  ASSERT_TRUE(database) << database.error().message;
  ASSERT_TRUE(state::migrate(*database, supervisor::migrations()));
  ASSERT_TRUE(state::migrate(*database, inbox_migrations()));
  {
    auto transaction = database->begin();
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(supervisor::apply(*transaction, planned(5, alert(1), "inbox", Event::kOpened)));
    ASSERT_TRUE(transaction->commit());
  }
  DispatchChanges written;
  dispatcher_.emplace(
      Dispatcher::Options{},
      configured({{.name = "inbox", .place = "", .target = std::make_shared<InboxTarget>()}}),
      outbound_, clock_, counters_, [&](DispatchChanges changes) { written = std::move(changes); });
  ASSERT_TRUE(dispatcher_->load(*database));
  run_until([&] { return !written.outbox.rows.empty(); });
  auto transaction = database->begin();
  ASSERT_TRUE(transaction);
  ASSERT_TRUE(apply(*transaction, written));
  ASSERT_TRUE(transaction->commit());
  const auto ledger = supervisor::read_ledger(*database, alert(1).id);
  ASSERT_TRUE(ledger);
  ASSERT_EQ(ledger->size(), 1u);
  EXPECT_EQ(ledger->front().state, State::kSent);
  EXPECT_EQ(ledger->front().kind, "inbox");
  const auto inbox = list_inbox(*database, 10);
  ASSERT_TRUE(inbox);
  EXPECT_EQ(inbox->size(), 3u);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace tocsin::respond
