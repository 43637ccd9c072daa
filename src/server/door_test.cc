#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "access/tables.h"
#include "server/api.h"
#include "server/json.h"
#include "server/route_rules.h"

namespace tocsin::server {
namespace {

net::Request request(std::string method, std::string path,
                     std::vector<net::Headers::Pair> headers = {}) {
  net::Request out;
  out.method = std::move(method);
  out.path = out.raw_path = std::move(path);
  out.remote_address = "127.0.0.1";
  out.headers.add("Host", "localhost:9640");
  for (auto& [name, value] : headers) out.headers.add(name, value);
  return out;
}

// People and tokens on a database of their own.
class Authorizer : public ::testing::Test {
 protected:
  Authorizer() {
    char name[] = "/tmp/tocsin-door-XXXXXX";
    folder_ = ::mkdtemp(name);
    database_.emplace(state::Database::open(folder_ + "/state.db").value());
    EXPECT_TRUE(state::migrate(*database_, access::migrations()).has_value());
    accounts.emplace(
        [this](const std::function<void(state::Database&)>& work) { work(*database_); }, clock);
    read = token("r", {Permission::kRead});
    write = token("w", {Permission::kWrite});
    admin = token("a", permissions_of(Role::kAdmin));
  }
  ~Authorizer() override { std::filesystem::remove_all(folder_); }
  std::string token(std::string name, Permissions may, std::string_view view = "") {
    std::string out;
    accounts->add_token({std::move(name), may, LabelView::parse(view).value(), "", {}},
                        {"root", "user", ""},
                        [&](Result<std::string> made) { out = made.value_or(""); });
    EXPECT_FALSE(out.empty());
    return out;
  }
  // The cookie of a session of a new user.
  std::string sign_in(std::string name, Role role) {
    access::User made;
    made.name = name;
    made.role = role;
    accounts->add_user(made, {"root", "user", ""}, [](const Result<access::User>&) {});
    std::string out;
    accounts->sign_in(name, "10.0.0.9", "", [&](Result<std::string> plain) {
      out = "tocsin_session=" + plain.value_or("");
    });
    return out;
  }
  int ask(const char* listen, net::Request asked) {
    const access::Door door(*accounts, listen, false);
    net::Router router;
    for (const RouteRule& rule : route_rules())
      router.add(rule.method, rule.pattern, [](net::Request&&, const net::Respond&) {});
    for (const char* path : {"/api/v1/query", "/api/v1/query_range", "/api/v1/series"})
      router.add("OPTIONS", path, [](net::Request&&, const net::Respond&) {});
    router.set_fallback([](net::Request&&, const net::Respond&) {});
    router.set_authorize(authorizer(door, counters));
    asked.raw_path = asked.path;
    const auto refusal = router.match(asked).refusal;
    user = asked.user;
    body = refusal ? refusal->body : "";
    challenge = refusal ? std::string(refusal->headers.get("WWW-Authenticate")) : "";
    return refusal ? refusal->status : 0;
  }
  const ManualClock clock{TimeMs{1795411000000}};
  std::optional<access::Accounts> accounts;
  std::string read, write, admin, user, body, challenge;
  Counters counters;

 private:
  std::string folder_;
  std::optional<state::Database> database_;
};

TEST_F(Authorizer, TokensBeyondLoopback) {
  struct Case {
    const char *method, *path;
    std::string token;
    int status;
  };
  const Case cases[] = {
      {"GET", "/", "", 0},  // the page signs people in
      {"GET", "/alerts/7", "", 0},
      {"GET", "/api/me", "", 401},
      {"GET", "/api/me", write, 0},
      {"GET", "/api/v1/routes", read, 403},
      {"PUT", "/nowhere", "", 401},
      {"GET", "/", read, 0},
      {"GET", "/api/now", write, 403},
      {"POST", "/write", write, 0},
      {"POST", "/write", read, 403},
      {"POST", "/api/v2/write", write, 0},
      {"GET", "/query", write, 0},
      {"POST", "/api/alerts/1/acknowledge", read, 403},
      {"POST", "/api/alerts/1/acknowledge", admin, 0},
      {"GET", "/api/v1/config", read, 403},
      {"GET", "/api/v1/config/history", read, 403},
      {"GET", "/api/v1/config", admin, 0},
      {"DELETE", "/api/silences/1", admin, 0},
      {"GET", "/-/healthy", "", 0},
      {"HEAD", "/ping", "", 0},
      {"GET", "/metrics", "", 401},
  };
  for (const Case& c : cases) {
    auto asked = request(c.method, c.path);
    if (!c.token.empty()) asked.headers.add("Authorization", "Token " + c.token);
    EXPECT_EQ(ask("0.0.0.0", asked), c.status) << c.method << " " << c.path;
    EXPECT_EQ(challenge.empty(), c.status != 401);
  }
  EXPECT_EQ(ask("0.0.0.0", request("POST", "/api/v2/write")), 401);
  EXPECT_TRUE(body.starts_with("{\"code\":\"unauthorized\",\"message\":")) << body;
  auto v1 = request("POST", "/write");
  v1.query.add("u", "telegraf");
  v1.query.add("p", write);
  EXPECT_EQ(ask("0.0.0.0", v1), 0);
  EXPECT_EQ(user, "w");
}

TEST_F(Authorizer, LoopbackNeedsNone) {
  EXPECT_EQ(ask("127.0.0.1", request("GET", "/api/now")), 0);
  EXPECT_EQ(ask("127.0.0.1", request("POST", "/api/alerts/1/note")), 0);
}

TEST_F(Authorizer, OtherSitesMayNotAct) {
  struct Case {
    const char *method, *path;
    std::vector<net::Headers::Pair> headers;
    int status;
  };
  const net::Headers::Pair length{"Content-Length", "2"};
  const net::Headers::Pair is_json{"Content-Type", "application/json; charset=utf-8"};
  const Case cases[] = {
      {"POST", "/api/silences", {{"Origin", "http://localhost:9640"}, length, is_json}, 0},
      {"POST", "/api/silences", {{"Origin", "https://localhost:9640"}, length, is_json}, 0},
      {"POST", "/api/silences", {{"Origin", "http://localhost:9641"}, length, is_json}, 403},
      {"POST", "/api/silences", {{"Origin", "http://evil.com"}, length, is_json}, 403},
      {"POST", "/api/silences", {{"Origin", "null"}, length, is_json}, 403},
      {"POST", "/write", {{"Origin", "http://evil.com"}, length}, 403},
      {"DELETE", "/api/silences/1", {{"Origin", "http://evil.com"}}, 403},
      {"POST", "/api/config/reload", {{"Sec-Fetch-Site", "cross-site"}}, 403},
      {"GET", "/api/now", {{"Origin", "http://evil.com"}}, 0},
      {"POST", "/api/silences", {length}, 415},
      {"POST", "/api/silences", {length, {"Content-Type", "text/plain"}}, 415},
      {"POST", "/api/silences", {{"Transfer-Encoding", "chunked"}}, 415},
      {"POST", "/api/config/reload", {{"Content-Length", "0"}}, 0},
      {"POST", "/write", {length, {"Content-Type", "text/plain"}}, 0},
      {"POST", "/api/v2/write", {length}, 0},
  };
  for (const Case& c : cases)
    EXPECT_EQ(ask("127.0.0.1", request(c.method, c.path, c.headers)), c.status)
        << c.method << " " << c.path << " " << c.headers[0].second;
  EXPECT_EQ(counters.counter("tocsin_http_unauthorized_total", "", "").value(), 9u);
}

TEST_F(Authorizer, AForeignNameForThisMachineIsNotLoopback) {
  net::Request rebound = request("GET", "/api/now");
  rebound.headers.set("Host", "evil.com");
  EXPECT_EQ(ask("127.0.0.1", rebound), 401);
}

TEST(TitleSubject, EndsAtTheFirstDirection) {
  const std::pair<const char*, const char*> cases[] = {
      {"a in b 57 % below the expected, worsening, adapter silent", "a in b 57 % below"},
      {"errors above 7, logins below 3", "errors above"},
      {"adapter silent", "adapter silent"},
      {"belowdecks_temp in ship above 40", "belowdecks_temp in ship above"},
      {"too_silent is fine", "too_silent is fine"},
      {"", ""},
  };
  for (const auto& [title, subject] : cases) EXPECT_EQ(title_subject(title), subject);
}

constexpr Asset kAssets[] = {
    {"/index.html", "text/html; charset=utf-8", "<html>", "", "\"1\""},
    {"/assets/app-3f9c.js", "text/javascript", "code", "packed", "\"2\""},
    {"/favicon.svg", "image/svg+xml", "<svg>", "", "\"3\""},
};

TEST(Pages, ServesFilesAndTheApplication) {
  const Pages pages(kAssets);
  struct Case {
    const char* path;
    int status;
    const char *body, *cache;
  };
  const Case cases[] = {
      {"/", 200, "<html>", "no-cache"},
      {"/index.html", 200, "<html>", "no-cache"},
      {"/alerts/7", 200, "<html>", "no-cache"},
      {"/workers/a.b", 200, "<html>", "no-cache"},
      {"/assets/app-3f9c.js", 200, "code", "public, max-age=31536000, immutable"},
      {"/assets/old-1234.js", 404, nullptr, ""},
      {"/favicon.svg", 200, "<svg>", "no-cache"},
      {"/api/nothing", 404, nullptr, ""},
      {"/api", 404, nullptr, ""},
      {"/../../etc/passwd", 200, "<html>", "no-cache"},
  };
  for (const Case& c : cases) {
    const net::Response response = pages.answer(request("GET", c.path));
    EXPECT_EQ(response.status, c.status) << c.path;
    EXPECT_EQ(response.headers.get("Cache-Control"), c.cache) << c.path;
    if (!c.body) continue;
    EXPECT_EQ(response.body, c.body) << c.path;
    EXPECT_TRUE(response.headers.get("Content-Security-Policy")
                    .starts_with("default-src 'self'; "
                                 "style-src 'self'"));
    EXPECT_EQ(response.headers.get("X-Content-Type-Options"), "nosniff");
  }
}

TEST(Pages, PacksAndRevalidates) {
  const Pages pages(kAssets);
  const auto packed =
      pages.answer(request("GET", "/assets/app-3f9c.js", {{"Accept-Encoding", "gzip, br"}}));
  EXPECT_EQ(packed.body, "packed");
  EXPECT_EQ(packed.headers.get("Content-Encoding"), "gzip");
  const auto same = pages.answer(request("GET", "/", {{"If-None-Match", "\"1\""}}));
  EXPECT_EQ(same.status, 304);
  EXPECT_TRUE(same.body.empty());
  EXPECT_EQ(pages.answer(request("GET", "/", {{"If-None-Match", "\"0\""}})).status, 200);
  EXPECT_EQ(Pages({}).answer(request("GET", "/")).status, 404);
}

TEST_F(Authorizer, ASignedInPageSendsItsSessionsToken) {
  const std::string cookie = sign_in("ada", Role::kResponder);
  const access::Door door(*accounts, "0.0.0.0", false);
  const std::string csrf = door.judge({"", "", cookie, "", ""}).csrf;
  struct Case {
    const char *name, *method, *path;
    std::vector<net::Headers::Pair> headers;
    int status;
  };
  const net::Headers::Pair own{"X-Tocsin-CSRF", csrf};
  const Case cases[] = {
      {"reads need none", "GET", "/api/alerts", {}, 0},
      {"a query by form is a read", "POST", "/api/v1/query", {}, 0},
      {"acts with it", "POST", "/api/alerts/1/acknowledge", {own}, 0},
      {"acts without it", "POST", "/api/alerts/1/acknowledge", {}, 403},
      {"another's", "POST", "/api/alerts/1/acknowledge", {{"X-Tocsin-CSRF", "x"}}, 403},
      {"another site", "POST", "/api/alerts/1/acknowledge", {own, {"Origin", "http://e.com"}}, 403},
      {"more than the role", "POST", "/api/v1/config/publish", {own}, 403},
      {"points are not for responders", "POST", "/write", {own}, 403},
      {"their own profile", "DELETE", "/api/v1/me/sessions", {own}, 0},
      {"users", "GET", "/api/v1/users", {}, 403},
  };
  for (const Case& c : cases) {
    auto asked = request(c.method, c.path, c.headers);
    asked.headers.add("Cookie", cookie);
    EXPECT_EQ(ask("0.0.0.0", asked), c.status) << c.name << ": " << body;
    EXPECT_TRUE(c.status != 0 || user == "ada") << c.name;
  }
}

TEST_F(Authorizer, RestrictedOnesUseOnlyWhatKeepsToTheirView) {
  const std::string acme = token("acme", permissions_of(Role::kAdmin), "customer=\"acme\"");
  for (const RouteRule& rule : route_rules()) {
    auto asked = request(std::string(rule.method), std::string(rule.pattern));
    asked.headers.add("Authorization", "Token " + acme);
    EXPECT_EQ(ask("0.0.0.0", asked), rule.keeps_to_view ? 0 : 403) << rule.pattern;
  }
}

TEST_F(Authorizer, WhatAProxyHandsOnIsNotFromHere) {
  for (const char* header : {"X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"})
    EXPECT_EQ(ask("127.0.0.1", request("GET", "/api/now", {{header, "10.0.0.9"}})), 401) << header;
}

// A browser that opens an address itself may ask for a token; a page has its own place for that.
TEST_F(Authorizer, PagesAreNotAskedByTheBrowsersOwnDialogue) {
  EXPECT_EQ(ask("0.0.0.0", request("GET", "/metrics", {{"Sec-Fetch-Mode", "navigate"}})), 401);
  EXPECT_FALSE(challenge.empty());
  EXPECT_EQ(ask("0.0.0.0", request("GET", "/api/me", {{"Sec-Fetch-Mode", "cors"}})), 401);
  EXPECT_TRUE(challenge.empty());
}

TEST(RouteRules, EachRouteOnceAndWhatHasNoRowIsForAdministrators) {
  for (const RouteRule& rule : route_rules()) {
    EXPECT_EQ(find_route_rule(rule.method, rule.pattern), &rule)
        << rule.method << " " << rule.pattern << " stands twice";
    const bool reads = rule.method == "GET";
    EXPECT_TRUE(!reads || rule.action.empty()) << rule.pattern << ": a read is no change";
  }
  EXPECT_EQ(rule_of("HEAD", "/api/alerts").need, Need::kRead);
  EXPECT_EQ(rule_of("GET", "/api/unheard-of").need, Need::kAdmin);
  EXPECT_EQ(rule_of("POST", "/api/unheard-of").action, "other.change");
  EXPECT_EQ(rule_of("GET", "").need, Need::kOpen);
  EXPECT_EQ(rule_of("POST", "").need, Need::kSignedIn);
}

// Grafana asks by forms; a form of another site can read nothing out of the answer.
TEST_F(Authorizer, FormsOfTheQueryApiAreReads) {
  const std::vector<net::Headers::Pair> form = {
      {"Content-Type", "application/x-www-form-urlencoded"}, {"Content-Length", "9"}};
  const auto with = [&](const std::string& token) {
    auto headers = form;
    headers.emplace_back("Authorization", "Bearer " + token);
    return headers;
  };
  for (const char* path : {"/api/v1/query", "/api/v1/query_range", "/api/v1/series"}) {
    EXPECT_EQ(ask("0.0.0.0", request("POST", path, with(read))), 0) << path;
    EXPECT_EQ(ask("0.0.0.0", request("POST", path, with(write))), 403) << path;
    EXPECT_EQ(ask("0.0.0.0", request("POST", path, form)), 401) << path;
    EXPECT_EQ(ask("127.0.0.1", request("POST", path, form)), 0) << path;
    EXPECT_EQ(ask("0.0.0.0", request("OPTIONS", path, {{"Origin", "http://x.y"}})), 0) << path;
  }
  EXPECT_EQ(ask("0.0.0.0", request("POST", "/api/config/reload", with(read))), 403);
  EXPECT_EQ(ask("0.0.0.0", request("OPTIONS", "/api/config/reload")), 401);
}

}  // namespace
}  // namespace tocsin::server
