#include "respond/receiver.h"

#include <gtest/gtest.h>

#include "respond/mail.h"
#include "respond/slack.h"
#include "respond/webhook.h"

namespace tocsin::respond {
namespace {

template <class T>
const T& target_of(const TargetPtr& target) {
  return dynamic_cast<const T&>(*target);
}

SecretSources secrets() {
  SecretSources out;
  out.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "TOKEN") return "xoxb-1";
    if (name == "HOOK") return "https://hooks.slack.com/services/T/B/x";
    if (name == "EMPTY") return "";
    return std::nullopt;
  };
  out.file = [](const std::string& path) -> Result<std::string> {
    if (path == "key") return std::string("sesame\n");
    if (path == "lines") return std::string("two\nlines\n");
    return fail(ErrorCode::kInvalid, "the secret's file " + path + " cannot be read");
  };
  return out;
}

Receivers read(const std::string& yaml, std::string* problems = nullptr) {
  config::Problems found;
  const auto folder = config::Folder::from_texts({{"a.yaml", yaml}}, found);
  Receivers out = Receivers::read(folder, secrets(), found);
  if (problems != nullptr)
    *problems = found.text();
  else
    EXPECT_EQ(found.text(), "");
  return out;
}

TEST(Receivers, WithoutASectionThereIsTheInbox) {
  const Receivers receivers = read("x: 1\n");
  EXPECT_EQ(receivers.names(), std::vector<std::string>{"inbox"});
  EXPECT_EQ(receivers.find("inbox")->kind(), "inbox");
  EXPECT_TRUE(receivers.find("inbox")->updates);
  EXPECT_EQ(receivers.links().external_url, "http://127.0.0.1:9640");
}

TEST(Receivers, AreReadWithTheirSecrets) {
  const Receivers receivers = read(R"(
receivers:
  - name: hub
    kind: webhook
    url: https://hub.example.com/x
    secret_file: key
    token_env: TOKEN
    headers: {X-Team: payments}
    timeout: 3s
    allow_addresses: [10.0.0.0/8]
    parallel: 8
  - {name: chat, kind: slack, token_env: TOKEN, channel: "#alerts"}
  - {name: hook, kind: slack, webhook_url_env: HOOK}
  - name: post
    kind: mail
    host: mail.example.com
    security: tls
    user: ada
    password_file: key
    from: tocsin@example.com
    to: [a@example.com, b@example.com]
links:
  external_url: https://tocsin.example.com/
  grafana: https://g.example.com/d/1?var-site={{ site }}
)");
  EXPECT_EQ(receivers.names(), (std::vector<std::string>{"hub", "chat", "hook", "post", "inbox"}));
  const Receiver& hub = *receivers.find("hub");
  const auto& webhook = target_of<WebhookTarget>(hub.target);
  EXPECT_EQ(hub.place, "a.yaml:3");
  EXPECT_EQ(hub.parallel, 8u);
  EXPECT_FALSE(hub.updates);
  EXPECT_EQ(webhook.signing_key.reveal(), "sesame");
  EXPECT_EQ(webhook.token.reveal(), "xoxb-1");
  EXPECT_EQ(webhook.headers.get("x-team"), "payments");
  EXPECT_EQ(webhook.http.timeout, seconds(3));
  EXPECT_FALSE(webhook.http.allowed.allows("127.0.0.1"));
  EXPECT_TRUE(receivers.find("chat")->updates);
  EXPECT_TRUE(target_of<SlackTarget>(receivers.find("chat")->target).can_update());
  EXPECT_FALSE(receivers.find("hook")->updates);
  EXPECT_FALSE(target_of<SlackTarget>(receivers.find("hook")->target).can_update());
  const auto& mail = target_of<MailTarget>(receivers.find("post")->target);
  EXPECT_EQ(mail.server.port, 465);
  EXPECT_EQ(mail.server.password, "sesame");
  EXPECT_EQ(mail.to.size(), 2u);
  EXPECT_EQ(receivers.links().external_url, "https://tocsin.example.com");
  EXPECT_EQ(receivers.find("nobody"), nullptr);
}

struct Case {
  const char* name;
  const char* item;  // flow mapping
  const char* expected;
};
class ReceiverProblems : public testing::TestWithParam<Case> {};
TEST_P(ReceiverProblems, AreNamed) {
  std::string problems;
  read(std::string("receivers:\n  - ") + GetParam().item + "\n", &problems);
  EXPECT_NE(problems.find(GetParam().expected), std::string::npos) << problems;
  EXPECT_EQ(problems.rfind("a.yaml:2:", 0), 0u) << problems;
  EXPECT_EQ(problems.find("sesame"), std::string::npos) << "a secret is shown";
}
INSTANTIATE_TEST_SUITE_P(
    All, ReceiverProblems,
    testing::Values(
        Case{"kind", "{name: a, kind: webhok, url: http://h/}", "did you mean \"webhook\""},
        Case{"no_name", "{kind: inbox}", "no \"name\""},
        Case{"empty_name", "{name: '', kind: inbox}", "a name has 1 to 100"},
        Case{"no_url", "{name: a, kind: webhook}", "needs its url"},
        Case{"two_urls", "{name: a, kind: webhook, url: http://h/, url_env: HOOK}", "one of them"},
        Case{"bad_url", "{name: a, kind: webhook, url: 'ftp://h/'}", "http:// or https://"},
        Case{"user_in_url", "{name: a, kind: webhook, url: 'http://u:sesame@h/'}", "as a secret"},
        Case{"inline_secret", "{name: a, kind: webhook, url: http://h/, secret: x}",
             "unknown key \"secret\""},
        Case{"no_file", "{name: a, kind: webhook, url: http://h/, secret_file: none}",
             "cannot be read"},
        Case{"two_lines", "{name: a, kind: webhook, url: http://h/, secret_file: lines}",
             "one line"},
        Case{"empty_secret", "{name: a, kind: webhook, url: http://h/, secret_env: EMPTY}",
             "one line"},
        Case{"no_variable", "{name: a, kind: webhook, url: http://h/, secret_env: NONE}",
             "no variable NONE"},
        Case{"both_secrets",
             "{name: a, kind: webhook, url: http://h/, secret_env: TOKEN, secret_file: key}",
             "not both"},
        Case{"range", "{name: a, kind: webhook, url: http://h/, allow_addresses: [10.0.0.0/33]}",
             "0 to 32"},
        Case{"header", "{name: a, kind: webhook, url: http://h/, headers: {'a b': c}}",
             "HTTP forbids"},
        Case{"timeout_low", "{name: a, kind: webhook, url: http://h/, timeout: 99ms}",
             "100ms to 1m"},
        Case{"timeout_high", "{name: a, kind: webhook, url: http://h/, timeout: 61s}",
             "100ms to 1m"},
        Case{"parallel", "{name: a, kind: inbox, parallel: 33}", "1 to 32"},
        Case{"key_of_another_kind", "{name: a, kind: inbox, url: http://h/}",
             "unknown key \"url\""},
        Case{"slack_without_token", "{name: a, kind: slack, channel: x}", "needs a token"},
        Case{"slack_with_both",
             "{name: a, kind: slack, token_env: TOKEN, channel: x, webhook_url_env: HOOK}",
             "one of them"},
        Case{"slack_without_channel", "{name: a, kind: slack, token_env: TOKEN}",
             "channel is needed"},
        Case{"hook_updates", "{name: a, kind: slack, webhook_url_env: HOOK, updates: true}",
             "cannot change"},
        Case{"mail_without_host", "{name: a, kind: mail, from: a@b.c, to: a@b.c}", "host: a mail"},
        Case{"mail_address", "{name: a, kind: mail, host: h, from: a@b.c, to: ['x y@z']}",
             "no mail address"},
        Case{"mail_port", "{name: a, kind: mail, host: h, from: a@b.c, to: a@b.c, port: 65536}",
             "1 to 65535"},
        Case{"mail_plain_password",
             "{name: a, kind: mail, host: h, from: a@b.c, to: a@b.c, security: none, user: u, "
             "password_file: key}",
             "unencrypted"},
        Case{"mail_user_alone", "{name: a, kind: mail, host: h, from: a@b.c, to: a@b.c, user: u}",
             "go together"}),
    [](const auto& tested) { return std::string(tested.param.name); });

// Each mistake in a list stands where it was made, not at the list.
TEST(Receivers, MistakesInListsHaveTheirOwnPlaces) {
  std::string problems;
  read(R"(receivers:
  - name: a
    kind: mail
    host: h
    from: a@b.c
    to: [good@b.c, bad,
         worse]
  - name: b
    kind: webhook
    url: http://x/
    headers:
      X-Good: one
      "Bad Name": two
    allow_addresses: [10.0.0.0/8, 10.0.0.0/33]
)",
       &problems);
  EXPECT_NE(problems.find("a.yaml:6:20: to: \"bad\" is no mail address"), std::string::npos)
      << problems;
  EXPECT_NE(problems.find("a.yaml:7:10: to: \"worse\""), std::string::npos) << problems;
  EXPECT_NE(problems.find("a.yaml:13:19: headers"), std::string::npos) << problems;
  EXPECT_NE(problems.find("a.yaml:14:35: allow_addresses: \"10.0.0.0/33\""), std::string::npos)
      << problems;
  EXPECT_EQ(std::count(problems.begin(), problems.end(), '\n'), 4) << problems;
}

TEST(Receivers, NamesAreUnique) {
  std::string problems;
  read("receivers:\n  - {name: a, kind: inbox}\n  - {name: a, kind: inbox}\n", &problems);
  EXPECT_EQ(problems, "a.yaml:3:12: name: receiver \"a\" stands twice; names are unique\n");
}

TEST(Receivers, LinksAreChecked) {
  std::string problems;
  read("links: {external_url: tocsin, grafana: '{{ x'}\n", &problems);
  EXPECT_NE(problems.find("a.yaml:1:23: external_url"), std::string::npos) << problems;
  EXPECT_NE(problems.find("grafana: the template"), std::string::npos) << problems;
}

TEST(Receivers, DescribeThemselves) {
  config::Reference reference;
  Receivers::describe(reference);
  const std::string text = reference.markdown();
  for (const char* key : {"`secret_file`", "`webhook_url_env`", "`security`", "`external_url`"})
    EXPECT_NE(text.find(key), std::string::npos) << key;
}

}  // namespace
}  // namespace tocsin::respond
