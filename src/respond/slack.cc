#include "respond/slack.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/json_writer.h"
#include "base/text.h"
#include "config/reader.h"
#include "respond/acts.h"
#include "respond/answer.h"
#include "respond/person_notice.h"

namespace tocsin::respond {
namespace {

// Slack's limits are in characters; bytes are never fewer, so these hold.
constexpr size_t kSectionMax = 2900;  // of 3000
constexpr size_t kFieldMax = 1900;    // of 2000; at most 10 fields in a section
constexpr size_t kFieldsMax = 10;
constexpr size_t kUrlMax = 3000;  // of a button
constexpr size_t kFallbackMax = 3000;
constexpr size_t kViolationsShown = 5;

struct Look {
  const char* icon;
  const char* colour;
};

Look look_of(const Notice& notice) {
  if (notice.event == Event::kTest) return {":bell:", "#7b3a8c"};
  if (notice.alert->state == AlertState::kResolved) return {":white_check_mark:", "#2c6b3f"};
  if (notice.alert->state == AlertState::kExpired) return {":hourglass:", "#5b676d"};
  switch (notice.alert->latest->severity) {
    case Severity::kCritical:
      return {":octagonal_sign:", "#c41c27"};
    case Severity::kHigh:
      return {":warning:", "#b35600"};
    case Severity::kLow:
      return {":large_orange_diamond:", "#877000"};
  }
  return {"", ""};
}

void write_text(JsonWriter& json, std::string_view text) {
  json.begin_object().member("type", "mrkdwn").member("text", text).end_object();
}

void write_section(JsonWriter& json, std::string_view text) {
  json.begin_object().member("type", "section").key("text");
  write_text(json, text);
  json.end_object();
}

void write_fields(JsonWriter& json, const Notice& notice) {
  const auto all = facts(notice);
  json.begin_object().member("type", "section").key("fields").begin_array();
  for (size_t i = 0; i < std::min(all.size(), kFieldsMax); ++i)
    write_text(json, "*" + all[i].first + "*\n" + slack_text(all[i].second, kFieldMax));
  json.end_array().end_object();
}

void write_button(JsonWriter& json, std::string_view words, const std::string& url) {
  if (url.size() > kUrlMax) return;
  json.begin_object().member("type", "button").key("text").begin_object();
  json.member("type", "plain_text").member("text", words).end_object();
  json.member("url", url).end_object();
}

void write_act(JsonWriter& json, std::string_view words, Act act, const Id128& alert) {
  json.begin_object().member("type", "button").member("action_id", to_text(act));
  json.key("text").begin_object().member("type", "plain_text").member("text", words).end_object();
  json.member("value", to_text(alert));
  if (act == Act::kAcknowledge) json.member("style", "primary");
  json.end_object();
}

void write_acts(JsonWriter& json, const Notice& notice) {
  if (notice.event == Event::kTest || notice.closed() || is_person_notice(notice.alert->id)) return;
  const Id128& id = notice.alert->id;
  if (notice.alert->acknowledged_by.empty()) write_act(json, "Acknowledge", Act::kAcknowledge, id);
  write_act(json, "Resolve", Act::kResolve, id);
  write_act(json, "Silence 1 h", Act::kSilence, id);
}

void write_details(JsonWriter& json, const Links& links, const Notice& notice, bool buttons) {
  if (!facts(notice).empty()) write_fields(json, notice);
  std::string text = slack_text(description(notice), kSectionMax);
  if (!text.empty()) write_section(json, text);
  std::string lines;
  for (const std::string& line : violation_lines(*notice.alert, kViolationsShown))
    lines += "• " + slack_text(line, kSectionMax / (kViolationsShown + 1) - 8) + "\n";
  if (!lines.empty()) write_section(json, lines);
  json.begin_object().member("type", "actions").key("elements").begin_array();
  write_button(json, link_words(notice), links.page(*notice.alert));
  if (const auto grafana = links.grafana_url(*notice.alert))
    write_button(json, "Grafana", *grafana);
  if (buttons) write_acts(json, notice);
  json.end_array().end_object();
}

// A JSON object, or nothing.
std::optional<boost::json::object> parse_object(std::string_view text) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::string text_member(const boost::json::object& object, std::string_view name) {
  const auto* member = object.if_contains({name.data(), name.size()});
  if (member == nullptr || !member->is_string()) return {};
  return std::string(member->get_string().data(), member->get_string().size());
}

bool says_ok(const boost::json::object& object) {
  const auto* member = object.if_contains("ok");
  return member != nullptr && member->is_bool() && member->get_bool();
}

bool among(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_passing(std::string_view error) {
  return among(
      error, {"ratelimited", "rate_limited", "service_unavailable", "fatal_error", "internal_error",
              "request_timeout", "team_added_to_org", "accesslimited", "message_limit_exceeded"});
}

bool message_is_gone(std::string_view error) {
  return among(error, {"message_not_found", "cant_update_message", "edit_window_closed"});
}

void judge_api(Event event, const net::HttpAnswer& answer, supervisor::DeliveryResult& out) {
  const auto object = parse_object(answer.body);
  if (!object) {
    out.outcome = Outcome::kRetry;
    out.answer += " but the answer is not Slack's JSON";
    return;
  }
  if (says_ok(*object)) {
    const SlackMessage message{text_member(*object, "channel"), text_member(*object, "ts")};
    if (!message.empty()) out.external = message.json();
    return;
  }
  const std::string error = cut_text(text_member(*object, "error"), 100);
  out.answer += " but ok:false " + error;
  out.outcome = is_passing(error) ? Outcome::kRetry : Outcome::kFinal;
  if (event == Event::kResolved && message_is_gone(error)) {
    out.outcome = Outcome::kRetry;
    out.external = "{}";
    out.retry_after = DurationMs{0};
  }
}

void judge_incoming(const net::HttpAnswer& answer, supervisor::DeliveryResult& out) {
  if (answer.body == "ok") return;
  out.outcome = Outcome::kRetry;
  out.answer += " but the answer is not \"ok\"";
}

}  // namespace

std::string slack_text(std::string_view text, size_t bytes_max) {
  std::string out;
  size_t safe = 0;  // length up to which the mark of a cut still fits
  constexpr std::string_view kMark = "…";
  for (size_t at = 0; at < text.size();) {
    size_t next = at + 1;
    while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xc0) == 0x80) ++next;
    const std::string_view unit = text.substr(at, next - at);
    const std::string_view shown = unit == "&"   ? "&amp;"
                                   : unit == "<" ? "&lt;"
                                   : unit == ">" ? "&gt;"
                                                 : unit;
    if (out.size() + shown.size() > bytes_max) {
      out.resize(safe);
      return bytes_max < kMark.size() ? out : out + std::string(kMark);
    }
    out += shown;
    if (out.size() + kMark.size() <= bytes_max) safe = out.size();
    at = next;
  }
  return out;
}

TargetPtr SlackTarget::read(config::MapReader& m, const SecretSources& sources) {
  auto out = std::make_shared<SlackTarget>();
  SecretReader secrets(m, sources);
  out->token = secrets.read("token", "Bot token (xoxb-...) with chat:write.");
  out->webhook_url = secrets.read("webhook_url", "slack: instead of a token, an incoming webhook.");
  out->signing_secret =
      secrets.read("signing_secret",
                   "slack: signing secret of the app; with it messages have buttons that act.");
  out->channel = m.value<std::string>("channel", "", "slack: id (C...) or #name; with a token.");
  out->api_url =
      m.value<std::string>("api_url", "https://slack.com/api", "slack: base of the Web API.");
  check_url(m, "api_url", out->api_url);
  out->http = read_http(m);
  if (m.describing()) return out;
  const bool token = SecretReader::given(m, "token");
  if (token == SecretReader::given(m, "webhook_url"))
    m.problem("token_file",
              "a slack receiver needs a token (token_file, token_env) or an incoming "
              "webhook (webhook_url_file, webhook_url_env), one of them");
  if (token && out->channel.empty()) m.problem("channel", "with a token the channel is needed");
  if (!out->webhook_url.empty())
    check_url(m, m.has("webhook_url_file") ? "webhook_url_file" : "webhook_url_env",
              out->webhook_url.reveal());
  return out;
}

std::string_view SlackTarget::no_updates() const {
  if (can_update()) return {};
  return "an incoming webhook cannot change what it posted; use a token";
}

// chat.postMessage takes a user's id as the channel of a direct message.
Result<TargetPtr> SlackTarget::for_address(const std::string& address) const {
  if (!can_update())
    return fail(ErrorCode::kInvalid, "a person is told in Slack with a token, not by a webhook");
  if (address.empty() || address.size() > 80)
    return fail(ErrorCode::kInvalid, "\"" + cut_text(address, 60) + "\" is no Slack id");
  auto out = std::make_shared<SlackTarget>(*this);
  out->channel = address;
  return out;
}

Step SlackTarget::begin(const Message& message) const {
  auto request =
      slack_request(*this, message.links, message.notice, SlackMessage::parse(message.external));
  if (!request) return end(Outcome::kSent, "nothing to change: no message is known");
  return ask(std::move(*request), [edits = can_update(), event = message.notice.event](
                                      const net::HttpAnswer& answer, TimeMs now) {
    return end(judge_slack(edits, event, answer, now));
  });
}

std::string SlackMessage::json() const {
  JsonWriter writer;
  writer.begin_object().member("channel", channel).member("ts", ts).end_object();
  return writer.take();
}

SlackMessage SlackMessage::parse(std::string_view json) {
  const auto object = parse_object(json);
  if (!object) return {};
  return {text_member(*object, "channel"), text_member(*object, "ts")};
}

std::string slack_body(const Links& links, const Notice& notice, const std::string& channel,
                       const SlackMessage& update, bool buttons) {
  const Look look = look_of(notice);
  const std::string said = slack_text(sentence(notice), kSectionMax - 300);
  const std::string state = state_word(notice);
  JsonWriter json;
  json.begin_object();
  if (!update.empty())
    json.member("channel", update.channel).member("ts", update.ts);
  else if (!channel.empty())
    json.member("channel", channel);
  json.member("text", cut_text(state + ": " + said, kFallbackMax));  // notifications, old clients
  json.key("blocks").begin_array();
  write_section(json,
                fmt::format("{} *{}* <{}|{}>", look.icon, state, links.page(*notice.alert), said));
  json.end_array();
  json.key("attachments").begin_array().begin_object().member("color", look.colour);
  json.key("blocks").begin_array();
  write_details(json, links, notice, buttons && notice.acts);
  json.end_array().end_object().end_array();
  json.member("unfurl_links", false).member("unfurl_media", false);
  return json.end_object().take();
}

std::optional<net::HttpRequest> slack_request(const SlackTarget& target, const Links& links,
                                              const Notice& notice, const SlackMessage& known) {
  const bool follows = notice.event == Event::kUpdated || notice.event == Event::kResolved;
  const bool edits = target.can_update() && follows && !known.empty() && !notice.loud;
  if (notice.event == Event::kUpdated && !edits && !notice.loud) return std::nullopt;
  net::HttpRequest out;
  out.body = slack_body(links, notice, target.channel, edits ? known : SlackMessage{},
                        !target.signing_secret.empty());
  out.headers.add("Content-Type", "application/json; charset=utf-8");
  out.headers.add("User-Agent", "Tocsin");
  if (target.can_update()) {
    out.url = target.api_url + (edits ? "/chat.update" : "/chat.postMessage");
    out.headers.add("Authorization", "Bearer " + target.token.reveal());
  } else {
    out.url = target.webhook_url.reveal();
  }
  target.http.apply(out);
  return out;
}

supervisor::DeliveryResult judge_slack(bool web_api, Event event, const net::HttpAnswer& answer,
                                       TimeMs now) {
  supervisor::DeliveryResult out;
  out.answer = answer_text(answer);
  out.retry_after = requested_wait(answer, now);
  if (!answer.ok()) {
    // Slack answers 4xx for what will not change: no such hook, archived channel, bad payload.
    const bool lasting =
        answer.status >= 400 && answer.status < 500 && answer.status != 408 && answer.status != 429;
    out.outcome = lasting ? Outcome::kFinal : Outcome::kRetry;
  } else if (web_api) {
    judge_api(event, answer, out);
  } else {
    judge_incoming(answer, out);
  }
  return out;
}

}  // namespace tocsin::respond
