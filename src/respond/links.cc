#include "respond/links.h"

#include <fmt/format.h>

#include <functional>

#include "net/url.h"
#include "respond/acts.h"
#include "respond/person_notice.h"

namespace tocsin::respond {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

constexpr DurationMs kActsFor = days(7);
constexpr DurationMs kRepliesFor = days(30);

// Walks the template; `word` gives what stands for a name. False if an opening pair is not closed.
// A closing pair alone is text: links to Grafana hold JSON.
bool expand(std::string_view text, std::string& out,
            const std::function<std::string(std::string_view)>& word) {
  while (true) {
    const size_t open = text.find("{{");
    out += text.substr(0, open);
    if (open == std::string_view::npos) return true;
    text.remove_prefix(open + 2);
    const size_t close = text.find("}}");
    if (close == std::string_view::npos) return false;
    const std::string_view name = trimmed(text.substr(0, close));
    if (name.empty() || name.find('{') != std::string_view::npos) return false;
    out += word(name);
    text.remove_prefix(close + 2);
  }
}

std::string label_value(const AlertView& alert, std::string_view name) {
  std::string value(alert_labels(alert.opened).get(name));
  if (value.empty() && !alert.opened->violations.empty())
    value = alert.opened->violations.front().labels.get(name);
  return value;
}

}  // namespace

std::string Links::alert(const Id128& alert_id) const {
  if (is_person_notice(alert_id)) return external_url + "/oncall";
  return external_url + "/alerts/" + to_text(alert_id);
}

std::string Links::page(const AlertView& of) const {
  const bool group = of.groups.size() == 1 && of.groups.front() == of.id;
  return group ? external_url + "/alerts?group=" + to_text(of.id) : alert(of.id);
}

std::optional<std::string> Links::grafana_url(const AlertView& alert) const {
  if (grafana.empty()) return std::nullopt;
  const TimeMs from = alert.opened_at - hours(1);
  const TimeMs to = alert.resolved_at.ms != 0 ? alert.resolved_at : alert.updated_at;
  std::string out;
  expand(grafana, out, [&](std::string_view name) {
    if (name == "from") return std::to_string(from.ms);
    if (name == "to") return std::to_string(to.ms);
    return net::percent_encode(label_value(alert, name));
  });
  return out;
}

std::optional<std::string> Links::act(const AlertView& alert, Act act, const std::string& who,
                                      TimeMs now) const {
  if (!signer || alert.state != AlertState::kOpen) return std::nullopt;
  return external_url + "/act/" + signer->token({alert.id, act, who, now + kActsFor});
}

std::optional<std::string> Links::reply_token(const AlertView& alert,
                                              const std::string& receiver) const {
  if (!signer || reply_address.empty() || is_person_notice(alert.id)) return std::nullopt;
  return signer->reply_token(
      {alert.id, reply_receiver(receiver), alert.opened_at + kRepliesFor + days(1)});
}

Result<void> check_link_template(std::string_view text) {
  std::string out;
  if (expand(text, out, [](std::string_view) { return std::string(); })) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("the template \"{}\" has braces that do not pair or name nothing; write "
                          "{{{{ label }}}}",
                          text));
}

}  // namespace tocsin::respond
