// Reading kinds `sms` and `voice`.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/text.h"
#include "config/reader.h"
#include "respond/gateway.h"

namespace tocsin::respond {
namespace {

using config::MapReader;
using config::Node;

constexpr size_t kNumbersMax = 20;
constexpr size_t kDepthMax = 8;

Template read_template(MapReader& m, const std::string& key, const std::string& text,
                       std::span<const std::string_view> more) {
  if (m.describing()) return {};
  auto out = Template::parse(text, more);
  if (out) return std::move(*out);
  m.problem(key, out.error().message);
  return {};
}

// "=30", "=true": a value of JSON instead of a text.
std::optional<std::string> json_literal(std::string_view text) {
  if (!text.starts_with('=')) return std::nullopt;
  boost::system::error_code error;
  const auto value = boost::json::parse({text.data() + 1, text.size() - 1}, error);
  if (error || value.is_structured() || value.is_string()) return std::nullopt;
  return boost::json::serialize(value);
}

class TreeReader {
 public:
  TreeReader(MapReader& m, bool json) : m_(m), json_(json) {}

  BodyTree read(const Node& node, size_t depth = 0) {
    if (depth > kDepthMax) return complain(node, "fields are nested too deeply");
    switch (node.kind()) {
      case Node::Kind::kMap:
        return map(node, depth);
      case Node::Kind::kList:
        return list(node, depth);
      case Node::Kind::kScalar:
        return scalar(node);
      case Node::Kind::kNull:
        break;
    }
    return complain(node, "a value is missing");
  }

 private:
  BodyTree map(const Node& node, size_t depth) {
    if (depth > 0 && !json_) return complain(node, "a form has texts only; use body: json");
    BodyTree out;
    out.what = BodyTree::What::kMap;
    for (const Node::Member& member : node.members())
      out.members.emplace_back(member.key, read(member.value, depth + 1));
    return out;
  }
  BodyTree list(const Node& node, size_t depth) {
    if (depth == 0 || !json_) return complain(node, "a map of names and values is expected");
    BodyTree out;
    out.what = BodyTree::What::kList;
    for (const Node& item : node.items()) out.items.push_back(read(item, depth + 1));
    return out;
  }
  BodyTree scalar(const Node& node) {
    BodyTree out;
    const std::string text = node.scalar();
    if (auto literal = json_ ? json_literal(text) : std::nullopt) {
      out.what = BodyTree::What::kLiteral;
      out.literal = std::move(*literal);
      return out;
    }
    auto parsed = Template::parse(text, gateway_fields());
    if (!parsed) return complain(node, parsed.error().message);
    out.text = std::move(*parsed);
    return out;
  }
  BodyTree complain(const Node& node, const std::string& message) {
    m_.problems().add(node.place(), "fields: " + message);
    return {};
  }
  MapReader& m_;
  bool json_;
};

void read_judge(MapReader& m, GatewayTarget& out) {
  m.map("sent_when", "sent_when",
        "sms, voice: what a success says, beside its status 2xx; for gateways that answer 200 "
        "with an error inside.",
        [&](MapReader& when) {
          out.sent_path =
              when.value<std::string>("path", "", "Into the answer's JSON: messages.0.status");
          out.sent_among =
              when.value<std::vector<std::string>>("among", {}, "What may stand there.");
          if (when.describing()) return;
          if (out.sent_path.empty() || out.sent_among.empty())
            when.problem("path", "sent_when needs path and among");
        });
}

void read_numbers(MapReader& m, GatewayTarget& out) {
  out.to = m.value<std::vector<std::string>>("to", {},
                                             "mail: addresses; sms, voice: numbers. At most 100.");
  if (m.describing()) return;
  for (size_t i = 0; i < out.to.size(); ++i)
    if (!valid_number(out.to[i]))
      m.problem("to", i,
                fmt::format("\"{}\" is no telephone number; write it as +4930123456",
                            cut_text(out.to[i], 60)));
  if (out.to.size() > kNumbersMax) m.problem("to", "at most 20 numbers");
}

void read_request(MapReader& m, SecretReader& secrets, GatewayTarget& out) {
  const std::string whose = out.voice ? "a voice receiver" : "an sms receiver";
  const std::string url = read_url(m, secrets, whose);
  if (!url.empty()) out.url = read_template(m, "url", url, gateway_fields());
  constexpr std::array<std::string_view, 3> kMethods{"POST", "PUT", "GET"};
  out.method = kMethods[m.choice("method", kMethods, "POST", "sms, voice: method.")];
  out.body = static_cast<GatewayTarget::Body>(
      m.choice("body", {"form", "json", "none"}, "form", "sms, voice: how the fields are sent."));
  const auto fields =
      m.any("fields", "map",
            "sms, voice: what is sent: names and templates, with body: json also nested; {number} "
            "and {text} stand for whom and what. \"=30\", \"=true\" are values of JSON.");
  if (fields) out.fields = TreeReader(m, out.body == GatewayTarget::Body::kJson).read(*fields);
  const bool sends = out.body != GatewayTarget::Body::kNone;
  if (!m.describing() && sends != fields.has_value())
    m.problem("fields", sends ? whose + " needs fields, or body: none" : "body is none");
  out.headers = read_headers(m);
  out.credentials = read_credentials(m, secrets);
  out.auth_header =
      m.value<std::string>("auth_header", "Authorization",
                           "sms, voice: header that the token is sent in; empty where user, "
                           "password or token stand in the fields.");
  out.auth_scheme = m.value<std::string>(
      "auth_scheme", "Bearer", "sms, voice: word before the token; empty for the token alone.");
}

TargetPtr read_gateway(MapReader& m, const SecretSources& sources, bool voice) {
  auto out = std::make_shared<GatewayTarget>();
  out->voice = voice;
  SecretReader secrets(m, sources);
  read_request(m, secrets, *out);
  read_judge(m, *out);
  const std::string text = m.value<std::string>(
      "message", voice ? "Tocsin. {state}. {summary}" : "{state}: {summary} {link}",
      "sms, voice: template of {text}.");
  out->text = read_template(m, "message", text, {});
  const int64_t longest = m.value<int64_t>(
      "length", 459, "sms, voice: {text} is cut to so many characters; 459 are three messages.");
  if (longest < 20 || longest > 10'000) m.problem("length", "must be 20 to 10000");
  out->text_max = static_cast<size_t>(std::clamp<int64_t>(longest, 20, 10'000));
  read_numbers(m, *out);
  out->http = read_http(m);
  return out;
}

}  // namespace

TargetPtr GatewayTarget::read_sms(MapReader& m, const SecretSources& sources) {
  return read_gateway(m, sources, false);
}

TargetPtr GatewayTarget::read_voice(MapReader& m, const SecretSources& sources) {
  return read_gateway(m, sources, true);
}

}  // namespace tocsin::respond
