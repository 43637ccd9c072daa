// Alertmanager's receivers: each service that one of them tells becomes a receiver of its own here.
// Secrets that stand in the source become files beside the YAML; names of files stay.
#include <fmt/format.h>

#include <algorithm>

#include "net/http_client.h"
#include "net/smtp_client.h"
#include "tocsin/alertmanager_parts.h"
#include "tocsin/builtin.h"

namespace tocsin {
namespace {

using config::Node;
using takeover::Fields;
using takeover::Map;

constexpr std::string_view kHidden = "<secret>";  // as Alertmanager's API shows secrets
constexpr size_t kSecretMax = 4096;

std::string one_secret(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const bool plain = std::ranges::all_of(
      text, [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != '\x7f'; });
  return plain && text.size() <= kSecretMax ? text : "";
}

// One service of one receiver on its way.
class Taking {
 public:
  Taking(Map& of, Map& of_all, const std::string& directory, std::string name, ImportedConfig& out)
      : service(of), global(of_all), directory_(directory), name_(std::move(name)), out_(out) {
    set("name", name_);
  }

  Map &service, &global;

  void set(std::string key, const std::string& value) {
    fields_.emplace_back(std::move(key), yaml_text(value));
  }
  void set_list(std::string key, const std::vector<std::string>& values) {
    fields_.emplace_back(std::move(key), takeover::yaml_list(values));
  }

  // `theirs` or `theirs_file` of the map becomes `ours_file`. False: neither is there.
  bool secret(Map& from, const std::string& theirs, const std::string& ours) {
    const std::string file = from.text(theirs + "_file");
    const std::string value = from.text(theirs);
    if (!file.empty()) {
      set(ours + "_file", file.starts_with('/') ? file : directory_ + "/" + file);
      return true;
    }
    if (value.empty()) return false;
    const std::string path = fmt::format("secrets/{}.{}", file_name(), ours);
    set(ours + "_file", path);
    const std::string kept = value == kHidden ? "" : one_secret(value);
    if (kept.empty())
      from.note(theirs, fmt::format("is not a secret that can be kept: write it into {}", path));
    else
      out_.secrets[path] = kept;
    return true;
  }
  // The service's own, else the one for all.
  bool secret_or_global(const std::string& theirs, const std::string& of_all,
                        const std::string& ours) {
    return secret(service, theirs, ours) || secret(global, of_all, ours);
  }

  bool needs(bool there, const std::string& what) {
    if (!there)
      out_.notes.push_back(
          {service.place(), fmt::format("receiver \"{}\" is left out: it has no {}", name_, what)});
    return there;
  }

  // A template becomes `ours`, if it can be said in its fields.
  void words(const std::string& theirs, const std::string& ours) {
    const std::string text = service.text(theirs);
    if (text.empty()) return;
    const auto made = take_over_template(text);
    if (made && !made->empty()) return set(ours, *made);
    if (!made)
      service.note(theirs, fmt::format("is not taken over: this template cannot be said in the "
                                       "fields of {}; the built-in words are used",
                                       ours));
  }

  void url(const std::string& key, const std::string& url) {
    if (url.empty()) return;
    if (net::parse_url(url)) return set("url", url);
    service.note(key, "is not taken over: it is no URL");
  }

  // How HTTP is spoken; `bearer`: the kind takes a token for it.
  void http(bool bearer) {
    Map own = service.map("http_config");
    Map of_all = global.map("http_config");
    Map& from = own.all().empty() ? of_all : own;
    const std::string proxy = from.text("proxy_url");
    if (!proxy.empty() && (proxy.find('@') != proxy.npos || !net::parse_url(proxy)))
      from.note("proxy_url", "is not taken over: a proxy is http://host:port");
    else if (!proxy.empty())
      set("proxy", proxy);
    Map tls = from.map("tls_config");
    if (const std::string file = tls.text("ca_file"); !file.empty())
      set("ca_file", file.starts_with('/') ? file : directory_ + "/" + file);
    tls.finish("of TLS only ca_file is configured here");
    if (bearer) authorize(from);
    from.pass({"follow_redirects", "enable_http2"});
    from.finish("not known for this kind of receiver");
  }

  Fields done() {
    service.pass({"send_resolved"});
    if (service.text("send_resolved") == "false")
      service.note("send_resolved", "false: here those who were told are told of the end, too");
    service.finish("there is nothing like it here");
    return std::move(fields_);
  }

 private:
  void authorize(Map& from) {
    Map authorization = from.map("authorization");
    const std::string type = authorization.text("type");
    if (!type.empty() && type != "Bearer")
      authorization.note("type", "is not taken over: only Bearer");
    else if (!secret(authorization, "credentials", "token"))
      secret(from, "bearer_token", "token");
    authorization.pass({"credentials", "credentials_file"});
  }

  std::string file_name() const {
    std::string out = name_;
    std::ranges::replace(out, ' ', '-');
    return out;
  }

  const std::string& directory_;
  std::string name_;
  ImportedConfig& out_;
  Fields fields_;
};

bool take_webhook(Taking& t) {
  t.set("kind", "webhook");
  const std::string url = t.service.text("url");
  // A user or a query in it may be a secret.
  const bool plain = !url.empty() && url.find_first_of("@?") == url.npos && url != kHidden;
  if (plain) t.url("url", url);
  if (!plain && !t.needs(t.secret(t.service, "url", "url"), "url")) return false;
  t.service.pass({"url_file"});
  t.service.leave({"max_alerts"}, "100 alerts at most");
  t.http(true);
  return true;
}

bool take_slack(Taking& t) {
  t.set("kind", "slack");
  const std::string channel = t.service.text("channel");
  const bool token = t.secret_or_global("app_token", "slack_app_token", "token");
  if (token) {
    t.service.pass({"api_url", "api_url_file"});
    if (!t.needs(!channel.empty(), "channel")) return false;
    t.set("channel", channel);
  } else if (!t.needs(t.secret_or_global("api_url", "slack_api_url", "webhook_url"), "api_url")) {
    return false;
  } else if (!channel.empty()) {
    t.service.note("channel",
                   "is not taken over: an incoming webhook has its own; with a bot's "
                   "token (token_file) and this channel messages change with the alert");
  }
  t.words("title", "title");
  t.words("text", "text");
  t.service.pass({"color", "username", "icon_emoji", "icon_url", "fallback", "short_fields",
                  "mrkdwn_in", "link_names", "title_link", "pretext", "footer"});
  t.http(false);
  return true;
}

// "Ada <ada@example.com>" and plain addresses.
std::vector<std::string> addresses(Taking& t, const std::string& key, const std::string& text) {
  std::vector<std::string> out;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    std::string one = text.substr(begin, end - begin);
    begin = end + 1;
    if (const size_t open = one.find('<'); open != one.npos)
      one = one.substr(open + 1, one.find('>') - open - 1);
    std::erase_if(one, [](char c) { return c == ' ' || c == '\t' || c == '\n'; });
    if (one.empty()) continue;
    if (net::valid_mail_address(one))
      out.push_back(one);
    else
      t.service.note(key, "an address is left out: a@example.com is expected, no template");
  }
  return out;
}

std::string own_or_global(Taking& t, const std::string& own, const std::string& of_all) {
  std::string out = t.service.text(own);
  return out.empty() ? t.global.text(of_all) : out;
}

void sign_in(Taking& t) {
  const std::string user = own_or_global(t, "auth_username", "smtp_auth_username");
  if (!user.empty() && t.secret_or_global("auth_password", "smtp_auth_password", "password"))
    t.set("user", user);
  t.service.pass({"auth_identity", "auth_password", "auth_password_file"});
  t.service.leave({"auth_secret"}, "CRAM-MD5; user and password are used");
}

bool take_mail(Taking& t) {
  t.set("kind", "mail");
  const std::string host = own_or_global(t, "smarthost", "smtp_smarthost");
  const size_t colon = host.rfind(':');
  const auto from = addresses(t, "from", own_or_global(t, "from", "smtp_from"));
  const auto to = addresses(t, "to", t.service.text("to"));
  if (!t.needs(!host.empty(), "smarthost") || !t.needs(!from.empty(), "sender's address (from)") ||
      !t.needs(!to.empty(), "address to send to"))
    return false;
  const std::string port = colon == host.npos ? "" : host.substr(colon + 1);
  t.set("host", host.substr(0, colon));
  if (!port.empty()) t.set("port", port);
  t.set("from", from.front());
  t.set_list("to", to);
  sign_in(t);
  const std::string tls = own_or_global(t, "require_tls", "smtp_require_tls");
  const bool signs_in = !own_or_global(t, "auth_username", "smtp_auth_username").empty();
  if (port == "465")
    t.set("security", "tls");
  else if (tls == "false" && !signs_in)
    t.set("security", "none");
  else if (tls == "false")
    t.service.note("require_tls", "false is not taken over: a password never goes out unencrypted");
  if (const auto hello = own_or_global(t, "hello", "smtp_hello"); !hello.empty())
    t.set("hello", hello);
  t.service.leave({"html", "text", "headers"}, "mails have words and a thread of their own");
  Map own_tls = t.service.map("tls_config");
  own_tls.finish("the system's authorities are trusted; ca_file names others");
  return true;
}

bool take_pagerduty(Taking& t) {
  t.set("kind", "pagerduty");
  if (t.service.has("service_key") || t.service.has("service_key_file"))
    t.service.leave({"service_key", "service_key_file"},
                    "a key of the old Events API v1; make one of Events API v2 (routing_key)");
  if (!t.needs(t.secret(t.service, "routing_key", "key"), "routing_key")) return false;
  const std::string url = own_or_global(t, "url", "pagerduty_url");
  // Alertmanager's address names the path, too.
  if (!url.empty() && url.find("events.pagerduty.com") == url.npos)
    t.url("url", url.ends_with("/v2/enqueue") ? url.substr(0, url.size() - 11) : url);
  t.words("description", "title");
  t.service.pass({"client", "client_url"});
  t.http(false);
  return true;
}

bool take_opsgenie(Taking& t) {
  t.set("kind", "opsgenie");
  if (!t.needs(t.secret_or_global("api_key", "opsgenie_api_key", "key"), "api_key")) return false;
  std::string url = own_or_global(t, "api_url", "opsgenie_api_url");
  while (url.ends_with('/')) url.pop_back();
  if (url == "https://api.eu.opsgenie.com")
    t.set("region", "eu");
  else if (url != "https://api.opsgenie.com")
    t.url("api_url", url);
  std::vector<std::string> teams;
  for (const Node& node : t.service.items("responders")) {
    const auto type = node.kind() == Node::Kind::kMap ? node.member("type") : std::nullopt;
    const auto name = node.kind() == Node::Kind::kMap ? node.member("name") : std::nullopt;
    if (type && name && type->scalar() == "team" && name->scalar().find("{{") == std::string::npos)
      teams.push_back(name->scalar());
    else
      t.service.note("responders", "one is left out: only teams by name");
  }
  if (!teams.empty()) t.set_list("teams", teams);
  t.words("message", "title");
  t.words("description", "text");
  t.http(false);
  return true;
}

bool take_telegram(Taking& t) {
  t.set("kind", "telegram");
  const std::string chat = t.service.text("chat_id");
  if (!t.needs(t.secret_or_global("bot_token", "telegram_bot_token", "token"), "bot_token") ||
      !t.needs(!chat.empty(), "chat_id"))
    return false;
  t.set("channel", chat);
  const std::string url = own_or_global(t, "api_url", "telegram_api_url");
  if (url.find("api.telegram.org") == url.npos) t.url("api_url", url);
  t.words("message", "text");
  t.service.pass({"parse_mode"});
  t.http(false);
  return true;
}

// Chats that are told by one secret URL.
bool take_hook(Taking& t, const std::string& kind) {
  t.set("kind", kind);
  const bool there = kind == "mattermost"
                         ? t.secret_or_global("webhook_url", "mattermost_webhook_url", "url")
                         : t.secret(t.service, "webhook_url", "url");
  if (!t.needs(there, "webhook_url")) return false;
  t.words("title", "title");
  t.words(kind == "discord" ? "message" : "text", "text");
  t.service.pass({"summary", "content", "username", "avatar_url", "icon_url", "icon_emoji"});
  t.http(false);
  return true;
}

bool take_jira(Taking& t) {
  t.set("kind", "jira");
  const std::string url = own_or_global(t, "api_url", "jira_api_url");
  const std::string project = t.service.text("project");
  Map http = t.service.map("http_config");
  Map basic = http.map("basic_auth");
  const std::string user = basic.text("username");
  if (!t.needs(static_cast<bool>(net::parse_url(url)), "api_url") ||
      !t.needs(!project.empty(), "project") ||
      !t.needs(!user.empty() && t.secret(basic, "password", "password"),
               "http_config.basic_auth with username and password"))
    return false;
  t.set("url", url);
  t.set("user", user);
  t.set("project", project);
  if (const auto type = t.service.text("issue_type"); !type.empty()) t.set("issue_type", type);
  if (const auto close = t.service.text("resolve_transition"); !close.empty())
    t.set("transition", close);
  if (const auto labels = t.service.texts("labels"); !labels.empty()) t.set_list("labels", labels);
  http.finish("not known for this kind of receiver");
  t.words("summary", "title");
  t.words("description", "text");
  return true;
}

struct Kind {
  std::string_view key, word;  // of Alertmanager; added to names where a receiver has several
  bool (*take)(Taking&);
};

constexpr Kind kKinds[] = {
    {"webhook_configs", "webhook", take_webhook},
    {"slack_configs", "slack", take_slack},
    {"email_configs", "mail", take_mail},
    {"pagerduty_configs", "pagerduty", take_pagerduty},
    {"opsgenie_configs", "opsgenie", take_opsgenie},
    {"telegram_configs", "telegram", take_telegram},
    {"msteams_configs", "teams", [](Taking& t) { return take_hook(t, "teams"); }},
    {"msteamsv2_configs", "teams", [](Taking& t) { return take_hook(t, "teams"); }},
    {"discord_configs", "discord", [](Taking& t) { return take_hook(t, "discord"); }},
    {"mattermost_configs", "mattermost", [](Taking& t) { return take_hook(t, "mattermost"); }},
    {"jira_configs", "jira", take_jira},
};

class Reader {
 public:
  Reader(Map& root, const std::string& directory, ImportedConfig& out)
      : root_(root), directory_(directory), out_(out) {}

  takeover::Receivers read() {
    for (const Node& node : root_.items("receivers")) {
      Map map(node, &out_.notes);
      const std::string name = map.text("name");
      std::vector<std::string>& made = made_.names[name];
      const size_t services = count(map);
      for (const Kind& kind : kKinds)
        for (const Node& service : map.items(kind.key))
          take(kind, service, services > 1 ? fmt::format("{}-{}", name, kind.word) : name, made);
      map.finish("there is no such kind of receiver here");
      if (!made.empty()) continue;
      made.emplace_back("inbox");
      out_.notes.push_back({map.place(), fmt::format("receiver \"{}\" tells nobody that can be "
                                                     "told here: its alerts go to the inbox",
                                                     name)});
    }
    return std::move(made_);
  }

 private:
  static size_t count(Map& map) {
    size_t out = 0;
    for (const Kind& kind : kKinds) out += map.items(kind.key).size();
    return out;
  }

  void take(const Kind& kind, const Node& node, const std::string& wanted,
            std::vector<std::string>& made) {
    Map service(node, &out_.notes);
    // What of `global` concerns other kinds is told nowhere: nothing is lost by it.
    Map global = root_.map("global");
    const std::string name = free_name(wanted);
    Taking taking(service, global, directory_, name, out_);
    if (!kind.take(taking)) return;
    made_.list.push_back(taking.done());
    made.push_back(name);
    taken_.insert(name);
  }

  // As names are spelled here (letters, digits, blanks, dots, dashes, underscores), and only once.
  std::string free_name(const std::string& wanted) const {
    std::string name = wanted.substr(0, 90);
    for (char& c : name) {
      const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!good && std::string_view(" ._-").find(c) == std::string_view::npos) c = '-';
    }
    if (name.empty()) name = "receiver";
    std::string out = name;
    for (int i = 2; out == "inbox" || taken_.contains(out); ++i)
      out = fmt::format("{}-{}", name, i);
    return out;
  }

  Map& root_;
  const std::string& directory_;
  ImportedConfig& out_;
  takeover::Receivers made_;
  std::set<std::string> taken_;
};

}  // namespace

takeover::Receivers takeover::take_receivers(Map& root, const std::string& directory,
                                             ImportedConfig& out) {
  return Reader(root, directory, out).read();
}

}  // namespace tocsin
