#pragma once
// Who can be told, and how: section `receivers` of the configuration. Plain values, fixed after
// reading; shared by threads without a lock.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "config/folder.h"
#include "config/reference.h"
#include "net/address_list.h"
#include "net/http_client.h"
#include "net/smtp_client.h"
#include "respond/links.h"

namespace tocsin::respond {

// A token, password or key. Only reveal() gives it away; nothing prints it by accident.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

// Where secrets come from; a test hands in its own.
struct SecretSources {
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::function<Result<std::string>(const std::string& path)> file;
  // The process's environment and files; relative paths start at `directory`.
  static SecretSources real(std::string directory);
};

// What HTTP receivers have in common.
struct HttpOptions {
  DurationMs timeout = seconds(10);
  net::AddressList allowed;
  std::string ca_file;
  std::string proxy;
  void apply(net::HttpRequest& request) const;
};

struct WebhookTarget {
  std::string url;
  Secret signing_key;  // of X-Tocsin-Signature; empty = not signed
  Secret token;        // Authorization: Bearer; empty = none
  net::Headers headers;
  HttpOptions http;
};

struct SlackTarget {
  Secret token;         // Web API; or
  Secret webhook_url;   // an incoming webhook: cannot update what it said
  std::string channel;  // id or #name; Web API only
  std::string api_url;  // https://slack.com/api
  HttpOptions http;
  bool can_update() const { return !token.empty(); }
};

struct MailTarget {
  net::SmtpServer server;
  std::string from;  // address
  std::string from_name;
  std::vector<std::string> to;
  DurationMs timeout = seconds(30);
};

struct InboxTarget {};

struct Receiver {
  std::string name;
  std::string place;     // file:line
  bool updates = false;  // whether "updated" events are sent, not only opened and resolved
  size_t parallel = 4;   // requests at once to this receiver
  std::variant<WebhookTarget, SlackTarget, MailTarget, InboxTarget> target;
  std::string_view kind() const;  // "webhook", "slack", "mail", "inbox"
};

class Receivers {
 public:
  // Problems are added for what is wrong; the result is then not to be used.
  // Without the section there is one receiver: `inbox`.
  static Receivers read(const config::Folder& folder, const SecretSources& secrets,
                        config::Problems& problems);
  static void describe(config::Reference& reference);
  Receivers() = default;
  Receivers(std::vector<Receiver> list, Links links)
      : list_(std::move(list)), links_(std::move(links)) {}

  const std::vector<Receiver>& list() const { return list_; }
  const Receiver* find(std::string_view name) const;  // nullptr if there is none
  std::vector<std::string> names() const;
  const Links& links() const { return links_; }
  // Unless the configuration gives one: how this server is reached from where it runs.
  void set_own_url(const std::string& url) {
    if (!links_.external_url_given) links_.external_url = url;
  }

 private:
  std::vector<Receiver> list_;
  Links links_;
};

}  // namespace tocsin::respond
