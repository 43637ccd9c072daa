#include "respond/chat.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json_writer.h"
#include "base/text.h"
#include "config/reader.h"
#include "respond/answer.h"
#include "respond/length.h"

namespace tocsin::respond {

struct ChatKind {
  std::string_view name;
  // Teams: 4 requests a second; Discord: 5 in 2 s per webhook; Telegram: 20 a minute per group.
  Pace pace;
  std::string (*body)(const ChatTarget&, const Message&);
  DeliveryResult (*judge)(const net::HttpAnswer&, TimeMs now);
};

namespace {

constexpr size_t kViolationsShown = 5;
constexpr size_t kMattermostMax = 16'383;                           // characters of a message
constexpr size_t kDiscordTitleMax = 256, kDiscordTextMax = 4096;    // of an embed
constexpr size_t kDiscordFieldMax = 1024;                           // value of a field
constexpr size_t kTelegramMax = 4096;                               // UTF-16 units
constexpr size_t kTeamsBytesMax = 28 * 1024, kTeamsTextMax = 4000;  // of a whole message

struct Look {
  const char* icon;
  int colour;
  const char* card;  // colour of an adaptive card
};

Look look_of(const Notice& notice) {
  if (notice.event == Event::kTest) return {"🔔", 0x7b3a8c, "accent"};
  if (notice.closed()) return {"✅", 0x2c6b3f, "good"};
  switch (notice.alert->latest->severity) {
    case Severity::kCritical:
      return {"🛑", 0xc41c27, "attention"};
    case Severity::kHigh:
      return {"⚠️", 0xb35600, "warning"};
    case Severity::kLow:
      return {"🔶", 0x877000, "default"};
  }
  return {"", 0, "default"};
}

std::string title_line(const Notice& notice) {
  return fmt::format("{} {}: {}", look_of(notice).icon, state_word(notice), sentence(notice));
}

// Letters that mean something in Markdown stand for themselves.
std::string markdown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\`*_[]<>#|~@").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

void write_card_text(JsonWriter& json, std::string_view text, std::string_view size,
                     std::string_view colour) {
  json.begin_object().member("type", "TextBlock").member("text", text).member("wrap", true);
  if (!size.empty()) json.member("size", size).member("weight", "bolder");
  if (!colour.empty()) json.member("color", colour);
  json.end_object();
}

void write_card_link(JsonWriter& json, std::string_view title, std::string_view url) {
  json.begin_object().member("type", "Action.OpenUrl");
  json.member("title", title).member("url", url).end_object();
}

std::string teams_card(const Message& message, size_t text_max) {
  const Notice& notice = message.notice;
  JsonWriter json;
  json.begin_object().member("type", "message").key("attachments").begin_array().begin_object();
  json.member("contentType", "application/vnd.microsoft.card.adaptive").key("contentUrl").null();
  json.key("content").begin_object();
  json.member("$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
  json.member("type", "AdaptiveCard").member("version", "1.4");
  json.key("msteams").begin_object().member("width", "Full").end_object();
  json.key("body").begin_array();
  write_card_text(json, markdown(title_line(notice)), "large", look_of(notice).card);
  const std::string text = cut_length(description(notice), text_max, LengthUnit::kRunes);
  if (!text.empty()) write_card_text(json, markdown(text), "", "");
  json.begin_object().member("type", "FactSet").key("facts").begin_array();
  for (const auto& [name, value] : facts(notice))
    json.begin_object().member("title", name).member("value", markdown(value)).end_object();
  json.end_array().end_object();
  for (const std::string& line : violation_lines(*notice.alert, kViolationsShown))
    write_card_text(json, markdown(line), "", "");
  json.end_array().key("actions").begin_array();
  write_card_link(json, "Open the alert", message.links.page(*notice.alert));
  if (const auto grafana = message.links.grafana_url(*notice.alert))
    write_card_link(json, "Grafana", *grafana);
  if (const auto act = acknowledge_url(message.links, notice))
    write_card_link(json, "Acknowledge", *act);
  return json.end_array().end_object().end_object().end_array().end_object().take();
}

std::string teams_body(const ChatTarget&, const Message& message) {
  std::string out = teams_card(message, kTeamsTextMax);
  return out.size() <= kTeamsBytesMax ? out : teams_card(message, 0);
}

std::string mattermost_body(const ChatTarget& target, const Message& message) {
  const Notice& notice = message.notice;
  const std::string url = message.links.page(*notice.alert);
  std::string text = fmt::format("{} **{}** [{}]({})\n", look_of(notice).icon, state_word(notice),
                                 markdown(sentence(notice)), url);
  text += fmt::format("{}\n", markdown(since_text(notice)));
  if (const std::string said = description(notice); !said.empty()) text += markdown(said) + "\n";
  for (const std::string& line : violation_lines(*notice.alert, kViolationsShown))
    text += "- " + markdown(line) + "\n";
  if (const auto act = acknowledge_url(message.links, notice))
    text += "[Acknowledge](" + *act + ")\n";
  JsonWriter json;
  json.begin_object().member("text", cut_length(text, kMattermostMax, LengthUnit::kRunes));
  if (!target.channel.empty()) json.member("channel", target.channel);
  return json.member("username", "Tocsin").end_object().take();
}

std::string discord_body(const ChatTarget&, const Message& message) {
  const Notice& notice = message.notice;
  const auto cut = [](std::string_view text, size_t max) {
    return cut_length(text, max, LengthUnit::kUtf16);
  };
  JsonWriter json;
  json.begin_object().key("embeds").begin_array().begin_object();
  json.member("title", cut(title_line(notice), kDiscordTitleMax));
  json.member("description", cut(markdown(description(notice)), kDiscordTextMax));
  json.member("url", message.links.page(*notice.alert));
  json.member("color", look_of(notice).colour).key("fields").begin_array();
  for (const auto& [name, value] : facts(notice))
    json.begin_object()
        .member("name", name)
        .member("value", cut(value, kDiscordFieldMax))
        .member("inline", value.size() < 40)
        .end_object();
  json.end_array().end_object().end_array();
  // Whatever a label holds: nobody is called by @everyone.
  json.key("allowed_mentions").begin_object().key("parse").begin_array().end_array().end_object();
  return json.end_object().take();
}

std::string telegram_body(const ChatTarget& target, const Message& message) {
  const Notice& notice = message.notice;
  std::string text = title_line(notice) + "\n" + since_text(notice) + "\n";
  if (const std::string said = description(notice); !said.empty()) text += said + "\n";
  for (const std::string& line : violation_lines(*notice.alert, kViolationsShown))
    text += "- " + line + "\n";
  std::string url = "\n" + message.links.page(*notice.alert);
  if (const auto act = acknowledge_url(message.links, notice)) url += "\nAcknowledge: " + *act;
  const size_t rest = kTelegramMax - std::min(kTelegramMax, text_length(url, LengthUnit::kUtf16));
  JsonWriter json;
  json.begin_object().member("chat_id", target.channel);
  json.member("text", cut_length(text, rest, LengthUnit::kUtf16) + url);
  json.key("link_preview_options").begin_object().member("is_disabled", true).end_object();
  return json.end_object().take();
}

const std::array<ChatKind, 4>& chats() {
  static const std::array<ChatKind, 4> all{{
      {"teams", {4, milliseconds(250)}, teams_body, judge_teams},
      {"mattermost", {}, mattermost_body, judge_mattermost},
      {"discord", {5, milliseconds(400)}, discord_body, judge_discord},
      {"telegram", {5, seconds(3)}, telegram_body, judge_telegram},
  }};
  return all;
}

TargetPtr read_hook(config::MapReader& m, const SecretSources& sources, std::string_view kind) {
  auto out = chat_target(kind);
  SecretReader secrets(m, sources);
  out->url = read_url(m, secrets, fmt::format("a {} receiver", kind));
  out->http = read_http(m);
  return out;
}

std::optional<DurationMs> seconds_of(const JsonAnswer& said, std::string_view path) {
  const auto wait = parse_double(said.text(path));
  if (!wait || !(*wait >= 0 && *wait <= 3600)) return std::nullopt;
  return DurationMs{static_cast<int64_t>(*wait * 1000) + 1};
}

}  // namespace

std::shared_ptr<ChatTarget> chat_target(std::string_view kind) {
  const auto found = std::find_if(chats().begin(), chats().end(),
                                  [&](const ChatKind& each) { return each.name == kind; });
  return std::make_shared<ChatTarget>(*found);
}

TargetPtr read_teams(config::MapReader& m, const SecretSources& sources) {
  return read_hook(m, sources, "teams");
}
TargetPtr read_discord(config::MapReader& m, const SecretSources& sources) {
  return read_hook(m, sources, "discord");
}

TargetPtr read_mattermost(config::MapReader& m, const SecretSources& sources) {
  auto out = std::make_shared<ChatTarget>(
      dynamic_cast<const ChatTarget&>(*read_hook(m, sources, "mattermost")));
  out->channel = m.value<std::string>("channel", "", "mattermost: another than the webhook's.");
  return out;
}

TargetPtr read_telegram(config::MapReader& m, const SecretSources& sources) {
  auto out = chat_target("telegram");
  SecretReader secrets(m, sources);
  out->url = read_base_url(m, "https://api.telegram.org");
  out->token = secrets.needed("token", "a telegram receiver", "Token of the bot.");
  out->channel = m.value<std::string>("channel", "", "telegram: chat id or @name.");
  if (!m.describing() && out->channel.empty())
    m.problem("kind", "a telegram receiver needs its channel: a chat id or @name");
  out->http = read_http(m);
  return out;
}

std::string_view ChatTarget::kind() const { return chat_.name; }
Pace ChatTarget::pace() const { return chat_.pace; }
std::string ChatTarget::body(const Message& message) const { return chat_.body(*this, message); }

// A person's Telegram chat, or @user in Mattermost; the hooks of the others know one channel.
Result<TargetPtr> ChatTarget::for_address(const std::string& address) const {
  if (chat_.name != "telegram" && chat_.name != "mattermost") return Target::for_address(address);
  if (address.empty() || address.size() > 100)
    return fail(ErrorCode::kInvalid, fmt::format("\"{}\" is no chat", cut_text(address, 60)));
  auto out = std::make_shared<ChatTarget>(*this);
  out->channel = address;
  return out;
}

Step ChatTarget::begin(const Message& message) const {
  const std::string where =
      chat_.name == "telegram" ? url + "/bot" + token.reveal() + "/sendMessage" : url;
  return ask(json_request(http, where, body(message)),
             [judge = chat_.judge](const net::HttpAnswer& answer, TimeMs now) {
               return end(judge(answer, now));
             });
}

// A workflow answers 202 with nothing. The older connectors answer 200 with words of what failed.
DeliveryResult judge_teams(const net::HttpAnswer& answer, TimeMs now) {
  const std::string& body = answer.body;
  const bool failed =
      body.find("failed") != std::string::npos || body.find("\"error\"") != std::string::npos;
  return judge_said(answer, now, !failed, "the answer says: " + body);
}

DeliveryResult judge_mattermost(const net::HttpAnswer& answer, TimeMs now) {
  return judge_said(answer, now, answer.body == "ok", "the answer is not \"ok\"");
}

// 204, or 200 with the message. The wait of a 429 stands in the body, in seconds with a fraction.
DeliveryResult judge_discord(const net::HttpAnswer& answer, TimeMs now) {
  const JsonAnswer said(answer.body);
  const bool empty = answer.status == 204 && answer.body.empty();
  DeliveryResult out = judge_said(answer, now, empty || !said.text("id").empty(),
                                  "the answer is not Discord's JSON");
  if (answer.status == 429 && !out.retry_after) out.retry_after = seconds_of(said, "retry_after");
  return out;
}

DeliveryResult judge_telegram(const net::HttpAnswer& answer, TimeMs now) {
  const JsonAnswer said(answer.body);
  DeliveryResult out = judge_said(
      answer, now, said.text("ok") == "true",
      said.good() ? "ok:false " + said.text("description") : "the answer is not Telegram's JSON");
  if (!out.retry_after) out.retry_after = seconds_of(said, "parameters.retry_after");
  return out;
}

}  // namespace tocsin::respond
