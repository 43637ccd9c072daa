#include "respond/receiver.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/text.h"
#include "config/reader.h"

namespace tocsin::respond {
namespace {

using config::MapReader;

constexpr size_t kSecretMax = 4096;
constexpr size_t kReceiversMax = 500;

// Every secret `NAME` is given as NAME_file or NAME_env, never in the configuration itself.
class SecretReader {
 public:
  SecretReader(MapReader& map, const SecretSources& sources) : map_(map), sources_(sources) {}

  Secret read(const std::string& name, const std::string& doc) {
    const std::string in_file = name + "_file";
    const std::string in_env = name + "_env";
    const auto path = map_.optional<std::string>(in_file, doc + " File that holds it.");
    const auto variable = map_.optional<std::string>(in_env,
                                                     "The same, from this variable of the "
                                                     "environment.");
    if (map_.describing() || (!path && !variable)) return {};
    if (path && variable) {
      map_.problem(in_env, "give " + in_file + " or " + in_env + ", not both");
      return {};
    }
    return path ? from_file(in_file, *path) : from_environment(in_env, *variable);
  }
  static bool given(const MapReader& map, const std::string& name) {
    return map.has(name + "_file") || map.has(name + "_env");
  }

 private:
  Secret from_file(const std::string& key, const std::string& path) {
    const auto text = sources_.file(path);
    if (text) return checked(key, *text);
    map_.problem(key, text.error().message);
    return {};
  }
  Secret from_environment(const std::string& key, const std::string& variable) {
    const auto text = sources_.environment(variable);
    if (text) return checked(key, *text);
    map_.problem(key, "the environment has no variable " + variable);
    return {};
  }
  Secret checked(const std::string& key, std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    const bool plain = std::all_of(text.begin(), text.end(),
                                   [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
    if (text.empty() || text.size() > kSecretMax || !plain) {
      map_.problem(key, fmt::format("the secret must be one line of 1 to {} bytes", kSecretMax));
      return {};
    }
    return Secret(std::move(text));
  }
  MapReader& map_;
  const SecretSources& sources_;
};

net::AddressList read_allowed(MapReader& m) {
  const auto ranges = m.value<std::vector<std::string>>(
      "allow_addresses", {},
      "Only addresses in these ranges are connected to (10.0.0.0/8). Metadata services of clouds "
      "never are.");
  bool good = true;
  for (size_t i = 0; i < ranges.size(); ++i) {
    const auto one = net::AddressList::parse({ranges[i]});
    if (one) continue;
    m.problem("allow_addresses", i, one.error().message);
    good = false;
  }
  return good ? net::AddressList::parse(ranges).value() : net::AddressList();
}

void check_url(MapReader& m, const std::string& key, const std::string& url) {
  if (m.describing() || url.empty()) return;
  if (const auto parsed = net::parse_url(url); !parsed) m.problem(key, parsed.error().message);
}

HttpOptions read_http(MapReader& m) {
  HttpOptions out;
  out.timeout = m.value<DurationMs>("timeout", out.timeout, "Of one request; 100ms to 1m.");
  if (out.timeout < milliseconds(100) || out.timeout > minutes(1))
    m.problem("timeout", "must be 100ms to 1m");
  out.allowed = read_allowed(m);
  out.ca_file = m.value<std::string>(
      "ca_file", "", "PEM file of the authorities to trust instead of the system's.");
  out.proxy = m.value<std::string>("proxy", "", "HTTP proxy to go through, http://host:port.");
  check_url(m, "proxy", out.proxy);
  return out;
}

net::Headers read_headers(MapReader& m) {
  net::Headers out;
  const auto given = m.value<std::map<std::string, std::string>>(
      "headers", {}, "More headers to send; no secrets.");
  for (const auto& [name, value] : given) {
    net::HttpRequest probe;
    probe.url = "http://localhost/";
    probe.headers.add(name, value);
    if (const auto good = net::check_request(probe); !good)
      m.problem("headers", name, good.error().message);
    out.add(name, value);
  }
  return out;
}

WebhookTarget read_webhook(MapReader& m, const SecretSources& sources) {
  WebhookTarget out;
  SecretReader secrets(m, sources);
  out.url = m.value<std::string>("url", "", "Where to POST to. A secret URL: url_file, url_env.");
  const Secret hidden = secrets.read("url", "The URL, where it is a secret.");
  if (!m.describing() && m.has("url") == SecretReader::given(m, "url"))
    m.problem("url", "a webhook needs its url, or url_file or url_env: one of them");
  check_url(m, "url", out.url);
  if (!hidden.empty()) {
    check_url(m, m.has("url_file") ? "url_file" : "url_env", hidden.reveal());
    out.url = hidden.reveal();
  }
  out.signing_key = secrets.read("secret", "Key of X-Tocsin-Signature (HMAC-SHA256 of the body).");
  out.token = secrets.read("token", "Sent as Authorization: Bearer.");
  out.headers = read_headers(m);
  out.http = read_http(m);
  return out;
}

SlackTarget read_slack(MapReader& m, const SecretSources& sources) {
  SlackTarget out;
  SecretReader secrets(m, sources);
  out.token = secrets.read("token", "Bot token (xoxb-...) with chat:write.");
  out.webhook_url = secrets.read("webhook_url", "Instead of a token: an incoming webhook.");
  out.channel = m.value<std::string>("channel", "", "Channel id (C...) or #name; with a token.");
  out.api_url = m.value<std::string>("api_url", "https://slack.com/api", "Base of the Web API.");
  check_url(m, "api_url", out.api_url);
  out.http = read_http(m);
  if (m.describing()) return out;
  const bool token = SecretReader::given(m, "token");
  if (token == SecretReader::given(m, "webhook_url"))
    m.problem("token_file",
              "a slack receiver needs a token (token_file, token_env) or an incoming "
              "webhook (webhook_url_file, webhook_url_env), one of them");
  if (token && out.channel.empty()) m.problem("channel", "with a token the channel is needed");
  if (!out.webhook_url.empty())
    check_url(m, m.has("webhook_url_file") ? "webhook_url_file" : "webhook_url_env",
              out.webhook_url.reveal());
  return out;
}

bool is_local(const std::string& host) {
  return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0;
}

// A key that one kind of receiver needs and the others do not know.
template <class T>
T needed(MapReader& m, const char* key, const char* doc) {
  T out = m.value<T>(key, T{}, doc);
  if (!m.describing() && out.empty()) m.problem(key, "a mail receiver needs it");
  return out;
}

net::SmtpServer read_server(MapReader& m, SecretReader& secrets) {
  net::SmtpServer out;
  out.host = needed<std::string>(m, "host", "Mail server.");
  const size_t security = m.choice("security", {"starttls", "tls", "none"}, "starttls",
                                   "starttls (required, not only if offered), tls from the first "
                                   "byte, or none.");
  out.security = std::array{net::SmtpSecurity::kStartTls, net::SmtpSecurity::kTls,
                            net::SmtpSecurity::kNone}[security];
  constexpr std::array<int64_t, 3> kPorts{587, 465, 25};
  const auto port = m.optional<int64_t>("port", "587 for starttls, 465 for tls, 25 for none.");
  out.port = static_cast<uint16_t>(port.value_or(kPorts[security]));
  if (port && (*port < 1 || *port > 65535)) m.problem("port", "must be 1 to 65535");
  out.user = m.value<std::string>("user", "", "To sign in with (AUTH PLAIN or LOGIN).");
  out.password = secrets.read("password", "Password of the user.").reveal();
  out.hello = m.value<std::string>("hello", "", "Name said in EHLO; this machine's by default.");
  out.ca_file = m.value<std::string>(
      "ca_file", "", "PEM file of the authorities to trust instead of the system's.");
  out.allowed = read_allowed(m);
  if (m.describing()) return out;
  if (!out.user.empty() && out.security == net::SmtpSecurity::kNone && !is_local(out.host))
    m.problem("security", "a password must not go over the network unencrypted; use starttls");
  if (out.user.empty() == SecretReader::given(m, "password"))
    m.problem("user", "user and password (password_file, password_env) go together");
  return out;
}

MailTarget read_mail(MapReader& m, const SecretSources& sources) {
  MailTarget out;
  SecretReader secrets(m, sources);
  out.server = read_server(m, secrets);
  out.from = needed<std::string>(m, "from", "Sender's address.");
  out.from_name = m.value<std::string>("from_name", "Tocsin", "Sender's name.");
  out.to = needed<std::vector<std::string>>(m, "to", "Addresses, at most 100.");
  out.timeout = m.value<DurationMs>("timeout", out.timeout, "Of one mail; 100ms to 5m.");
  if (out.timeout < milliseconds(100) || out.timeout > minutes(5))
    m.problem("timeout", "must be 100ms to 5m");
  if (m.describing()) return out;
  if (!out.from.empty() && !net::valid_mail_address(out.from))
    m.problem("from", "\"" + cut_text(out.from, 60) + "\" is no mail address");
  for (size_t i = 0; i < out.to.size(); ++i)
    if (!net::valid_mail_address(out.to[i]))
      m.problem("to", i, "\"" + cut_text(out.to[i], 60) + "\" is no mail address");
  if (out.to.size() > 100) m.problem("to", "at most 100 addresses");
  return out;
}

bool valid_name(const std::string& name) {
  return !name.empty() && name.size() <= 100 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c >= 0x80 || std::strchr(" ._-", c) != nullptr;
         });
}

Receiver read_receiver(MapReader& m, const SecretSources& sources) {
  Receiver out;
  out.name = m.required<std::string>("name", "Unique name; routes name it.");
  out.place = m.place().file_line();
  if (!m.describing() && m.has("name") && !valid_name(out.name))
    m.problem("name", "a name has 1 to 100 letters, digits, blanks, dots, dashes or underscores");
  const size_t kind = m.choice("kind", {"webhook", "slack", "mail", "inbox"}, "",
                               "What it is. The keys below belong to one kind each.");
  // In describing mode every kind is asked, so that the reference holds all keys.
  if (m.describing()) {
    read_webhook(m, sources);
    read_slack(m, sources);
    read_mail(m, sources);
  } else if (kind == 0) {
    out.target = read_webhook(m, sources);
  } else if (kind == 1) {
    out.target = read_slack(m, sources);
  } else if (kind == 2) {
    out.target = read_mail(m, sources);
  } else {
    out.target = InboxTarget{};
  }
  const bool edits = kind == 3 || (kind == 1 && !SecretReader::given(m, "webhook_url"));
  out.updates = m.value<bool>("updates", edits,
                              "Whether changes of an open alert are sent, not only its opening and "
                              "end. On for what edits its message: slack with a token, inbox.");
  if (out.updates && kind == 1 && !edits)
    m.problem("updates", "an incoming webhook cannot change what it posted; use a token");
  const int64_t parallel = m.value<int64_t>("parallel", 4, "Requests at once; 1 to 32.");
  if (parallel < 1 || parallel > 32) m.problem("parallel", "must be 1 to 32");
  out.parallel = static_cast<size_t>(std::clamp<int64_t>(parallel, 1, 32));
  return out;
}

void read_links(MapReader& m, Links& out) {
  out.external_url = m.value<std::string>("external_url", out.external_url,
                                          "Where people reach these pages; base of all links.");
  out.grafana = m.value<std::string>("grafana", "",
                                     "Template of a link to Grafana: {{ label }} of the alert, "
                                     "{{ from }} and {{ to }} in unix milliseconds.");
  out.external_url_given = m.has("external_url");
  check_url(m, "external_url", out.external_url);
  if (const auto good = check_link_template(out.grafana); !good)
    m.problem("grafana", good.error().message);
  while (!out.external_url.empty() && out.external_url.back() == '/') out.external_url.pop_back();
}

Result<std::string> read_secret_file(const std::string& directory, const std::string& path) {
  const std::string full = path.starts_with('/') ? path : directory + "/" + path;
  std::ifstream file(full, std::ios::binary);
  std::string text(kSecretMax + 1, '\0');
  if (!file || !(file.read(text.data(), static_cast<std::streamsize>(text.size())) || file.eof()))
    return fail(ErrorCode::kInvalid, "the secret's file " + full + " cannot be read");
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

}  // namespace

void HttpOptions::apply(net::HttpRequest& request) const {
  request.timeout = timeout;
  request.allowed = allowed;
  request.ca_file = ca_file;
  request.proxy = proxy;
}

std::string_view Receiver::kind() const {
  constexpr std::array<std::string_view, 4> kNames{"webhook", "slack", "mail", "inbox"};
  return kNames[target.index()];
}

SecretSources SecretSources::real(std::string directory) {
  SecretSources out;
  out.environment = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
  out.file = [directory = std::move(directory)](const std::string& path) {
    return read_secret_file(directory, path);
  };
  return out;
}

Receivers Receivers::read(const config::Folder& folder, const SecretSources& secrets,
                          config::Problems& problems) {
  Receivers out;
  folder.for_each("receivers", "receiver", problems, [&](MapReader& m) {
    Receiver receiver = read_receiver(m, secrets);
    if (out.find(receiver.name) != nullptr)
      m.problem("name", "receiver \"" + receiver.name + "\" stands twice; names are unique");
    if (out.list_.size() == kReceiversMax)
      m.problem("name", fmt::format("more than {} receivers", kReceiversMax));
    if (out.list_.size() < kReceiversMax) out.list_.push_back(std::move(receiver));
  });
  folder.single("links", "links", problems, [&](MapReader& m) { read_links(m, out.links_); });
  // Routes fall back to it, so that nothing is dropped in silence.
  if (out.find("inbox") == nullptr)
    out.list_.push_back({.name = "inbox", .place = "", .updates = true, .target = InboxTarget{}});
  return out;
}

void Receivers::describe(config::Reference& reference) {
  config::Problems problems;
  if (reference.begin_type("receiver")) {
    MapReader receiver(reference, "receiver", problems);
    read_receiver(receiver, SecretSources{});
  }
  if (reference.begin_type("links")) {
    MapReader links(reference, "links", problems);
    Links unused;
    read_links(links, unused);
  }
}

const Receiver* Receivers::find(std::string_view name) const {
  const auto found = std::find_if(list_.begin(), list_.end(),
                                  [&](const Receiver& each) { return each.name == name; });
  return found == list_.end() ? nullptr : &*found;
}

std::vector<std::string> Receivers::names() const {
  std::vector<std::string> out;
  for (const Receiver& each : list_) out.push_back(each.name);
  return out;
}

}  // namespace tocsin::respond
