#include <gtest/gtest.h>

#include <filesystem>

#include "server/oncall_desk.h"

namespace tocsin::server {
namespace {

using oncall::Override;

constexpr const char* kYaml =
    "people:\n"
    "  - {name: ana, real_name: Ana Ruiz, email: ana@example.com}\n"
    "  - {name: bob, email: bob@example.com}\n"
    "schedules:\n"
    "  - {name: pay, title: Payments, layers: [{people: [ana, bob], start: 2026-01-05}]}\n";

class FakeDesk final : public OnCallDesk {
 public:
  explicit FakeDesk(const std::string& folder)
      : tokens(*access::FeedTokens::load(folder + "/key")),
        database(*state::Database::open(folder + "/state", {.power_cut_safe = false})) {
    EXPECT_TRUE(state::migrate(database, oncall::override_migrations()));
    EXPECT_TRUE(state::migrate(database, oncall::record_migrations()));
    config::Problems problems;
    const auto files = config::Folder::from_texts({{"a.yaml", kYaml}}, problems);
    on_call = oncall::OnCall(
        std::make_shared<oncall::Roster>(oncall::Roster::read(files, {}, problems)), {});
    EXPECT_TRUE(problems.empty()) << problems.text();
  }
  void ask(std::function<void(const Facts&)> work) override {
    work({on_call, lint, database, *parse_time("2026-01-06T12:00:00Z")});
  }
  void add(std::vector<Override> overrides, Done<std::vector<Override>> done) override {
    added = overrides;
    for (Override& one : added) one.id = "id";
    done(added);
  }
  void end(std::string, std::string id, std::string by,
           Done<std::optional<Override>> done) override {
    Override one;
    one.id = id;
    one.ended_by = by;
    done(id == "known" ? std::optional(one) : std::nullopt);
  }
  const access::FeedTokens& feed_tokens() const override { return tokens; }

  access::FeedTokens tokens;
  state::Database database;
  oncall::OnCall on_call;
  oncall::LintFacts lint;
  std::vector<Override> added;
};

class OnCallApi : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    desk_ = std::make_unique<FakeDesk>(folder_);
    register_oncall_routes(router_, *desk_);
  }
  void TearDown() override {
    desk_.reset();
    std::filesystem::remove_all(folder_);
  }
  net::Response call(const std::string& method, const std::string& path,
                     const net::Params& query = {}, const std::string& body = "") {
    net::Request request;
    request.method = method;
    request.path = request.raw_path = path;
    request.query = query;
    request.body = body;
    net::Response out;
    router_.dispatch(std::move(request), [&](net::Response given) { out = std::move(given); });
    return out;
  }
  static net::Params params(std::initializer_list<net::Params::Pair> pairs) {
    net::Params out;
    for (const auto& [name, value] : pairs) out.add(name, value);
    return out;
  }
  static void expect(const net::Response& answer, int status, std::string_view words) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_NE(answer.body.find(words), std::string::npos) << answer.body;
  }

  const std::string folder_ = testing::TempDir() + "oncall_api_test";
  std::unique_ptr<FakeDesk> desk_;
  net::Router router_;
};

TEST_F(OnCallApi, SaysWhoIsOnCallNowAndNext) {
  desk_->lint.unreachable["ana/mail"] = "no receiver of kind mail is configured";
  const auto answer = call("GET", "/api/oncall");
  expect(answer, 200, "\"on_call\":[\"ana\"],\"until\":1768208400000");
  expect(answer, 200, "\"next\":{\"from\":1768208400000,\"people\":[\"bob\"]}");
  expect(answer, 200, "\"works\":false,\"why\":\"no receiver of kind mail is configured\"");
  expect(answer, 200, "\"kind\":\"no contact\",\"warning\":true");
  EXPECT_EQ(answer.body.find("ana@example.com"), std::string::npos) << "addresses are not told";
}

TEST_F(OnCallApi, ShowsTheLanesOfASchedule) {
  const auto answer = call("GET", "/api/oncall/pay",
                           params({{"from", "2026-01-01"}, {"to", "2026-01-20T00:00:00Z"}}));
  expect(answer, 200, "\"gaps\":[{\"from\":1767225600000,\"to\":1767603600000}]");
  expect(answer, 200, "\"final\":[{\"from\":1767603600000");
  expect(answer, 200, "\"layers\":[{\"name\":\"1\",\"zone\":\"UTC\"");
  expect(answer, 200, "\"recorded_from\":null");
  expect(answer, 200, "\"feed\":\"/oncall/pay.ics?token=");
}

TEST_F(OnCallApi, SaysWhoWasOnCallFromTheRecord) {
  auto transaction = desk_->database.begin();
  ASSERT_TRUE(oncall::write_stretches(
      *transaction, {{"pay", *parse_time("2026-01-05"), *parse_time("2026-01-06"), {"bob"}}},
      TimeMs{}));
  ASSERT_TRUE(transaction->commit());
  expect(call("GET", "/api/oncall/pay", params({{"at", "2026-01-05T12:00:00Z"}})), 200,
         "\"people\":[\"bob\"],\"recorded\":true");
  expect(call("GET", "/api/oncall/pay", params({{"at", "2026-01-06T10:00:00Z"}})), 200,
         "\"people\":[\"ana\"],\"recorded\":false");
  expect(call("GET", "/api/oncall/pay", params({{"at", "2026-01-13T10:00:00Z"}})), 200,
         "\"people\":[\"bob\"],\"recorded\":false");
}

struct Refused {
  const char* name;
  const char* method;
  const char* path;
  const char* query;  // "from=x"
  const char* body;
  int status;
  const char* words;
};
class OnCallApiRefuses : public OnCallApi, public testing::WithParamInterface<Refused> {};

TEST_P(OnCallApiRefuses, WithWords) {
  const Refused& tested = GetParam();
  net::Params query;
  const std::string text = tested.query;
  if (!text.empty()) query.add(text.substr(0, text.find('=')), text.substr(text.find('=') + 1));
  expect(call(tested.method, tested.path, query, tested.body), tested.status, tested.words);
}

INSTANTIATE_TEST_SUITE_P(
    Requests, OnCallApiRefuses,
    testing::Values(
        Refused{"no_schedule", "GET", "/api/oncall/none", "", "", 404, "schedule none"},
        Refused{"no_time", "GET", "/api/oncall/pay", "from=yesterday", "", 400, "from"},
        Refused{"too_long", "GET", "/api/oncall/pay", "to=2036-01-01", "", 400, "400 days"},
        Refused{"no_span", "POST", "/api/oncall/pay/overrides", "",
                R"({"person":"bob","by":"ana","from":"2026-01-07"})", 400, "to"},
        Refused{"no_such_kind", "POST", "/api/oncall/pay/overrides", "",
                R"({"kind":"steal","person":"bob","by":"ana"})", 400, "take_over, add or remove"},
        Refused{"nobody_does_it", "POST", "/api/oncall/pay/overrides", "",
                R"({"person":"bob","from":"2026-01-07","to":"2026-01-08"})", 400, "\\\"by\\\""},
        Refused{"swap_of_one_persons_shifts", "POST", "/api/oncall/pay/swap", "",
                R"({"at":"2026-01-07","with":"2026-01-08","by":"ana"})", 409,
                "both shifts are ana"},
        Refused{"swap_with_nobody", "POST", "/api/oncall/pay/swap", "",
                R"({"at":"2026-01-07","with":"2025-01-08","by":"ana"})", 409, "nobody is on call"},
        Refused{"no_override", "DELETE", "/api/oncall/pay/overrides/x", "", R"({"by":"ana"})", 404,
                "override x"},
        Refused{"feed_without_token", "GET", "/oncall/pay.ics", "", "", 401, "needs its token"},
        Refused{"feed_with_a_wrong_token", "GET", "/oncall/pay.ics", "token=abc", "", 401,
                "needs its token"},
        Refused{"no_calendar", "GET", "/oncall/pay", "", "", 404, "calendar pay"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(OnCallApi, SpeaksPlainTextToTheCommandLine) {
  expect(call("GET", "/api/oncall", params({{"format", "text"}})), 200,
         "pay: Ana Ruiz until 2026-01-12T09:00 (UTC), then bob\n");
  expect(
      call("GET", "/api/oncall/pay", params({{"format", "text"}, {"at", "2026-01-13T10:00:00Z"}})),
      200, "pay at 2026-01-13T10:00 (UTC): bob, by the schedule\n");
}

TEST_F(OnCallApi, AddsAnOverride) {
  expect(call("POST", "/api/oncall/pay/overrides", {},
              R"({"person":"bob","instead_of":"ana","from":"2026-01-07","to":"2026-01-08T00:00:00Z",
                  "reason":"dentist","by":"ana"})"),
         201, "\"kind\":\"take_over\",\"schedule\":\"pay\",\"person\":\"bob\"");
  ASSERT_EQ(desk_->added.size(), 1u);
  EXPECT_EQ(desk_->added[0].reason, "dentist");
  expect(call("DELETE", "/api/oncall/pay/overrides/known", {}, R"({"by":"bob"})"), 200,
         "\"ended_by\":\"bob\"");
}

TEST_F(OnCallApi, SwapsTwoShifts) {
  expect(call("POST", "/api/oncall/pay/swap", {},
              R"({"at":"2026-01-07","with":"2026-01-14","by":"ana"})"),
         201, "\"person\":\"bob\",\"instead_of\":\"ana\"");
  ASSERT_EQ(desk_->added.size(), 2u);
  EXPECT_EQ(desk_->added[1].person, "ana");
  EXPECT_EQ(to_iso(desk_->added[1].from), "2026-01-12T09:00:00Z");
  EXPECT_EQ(to_iso(desk_->added[1].to), "2026-01-19T09:00:00Z");
}

TEST_F(OnCallApi, AFeedIsOpenedByItsTokenAlone) {
  const auto token = desk_->tokens.token_of("/oncall/pay.ics");
  const auto answer = call("GET", "/oncall/pay.ics", params({{"token", token}}));
  expect(answer, 200, "SUMMARY:Ana Ruiz on call: Payments");
  EXPECT_EQ(answer.headers.get("Content-Type"), "text/calendar; charset=utf-8");
  expect(call("GET", "/oncall/people/bob.ics", params({{"token", token}})), 401, "token");
  const auto own = desk_->tokens.token_of("/oncall/people/bob.ics");
  const auto one = call("GET", "/oncall/people/bob.ics", params({{"token", own}}));
  expect(one, 200, "SUMMARY:bob on call: Payments");
  EXPECT_EQ(one.body.find("Ana"), std::string::npos);
}

}  // namespace
}  // namespace tocsin::server
