#include "respond/template.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/html.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "respond/mime.h"
#include "respond/url_text.h"

namespace tocsin::respond {
namespace {

constexpr size_t kFilledMax = 20'000;
constexpr size_t kTemplateMax = 10'000;
constexpr size_t kViolationsShown = 5;

struct Known {
  std::string_view name;
  std::optional<std::string> (*value)(const Message&);
};

using Value = std::optional<std::string>;

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

std::string since_opening(const Notice& notice) {
  const AlertView& alert = *notice.alert;
  const TimeMs until = alert.resolved_at.ms != 0 ? alert.resolved_at : notice.time;
  return to_text(seconds(std::max<int64_t>(0, (until - alert.opened_at).count / 1000)));
}

const std::vector<Known>& known_fields() {
  static const std::vector<Known> all{
      {"severity",
       [](const Message& m) -> Value {
         return std::string(to_text(m.notice.alert->latest->severity));
       }},
      {"state", [](const Message& m) -> Value { return state_word(m.notice); }},
      {"event", [](const Message& m) -> Value { return std::string(to_text(m.notice.event)); }},
      {"summary", [](const Message& m) -> Value { return sentence(m.notice); }},
      {"description", [](const Message& m) -> Value { return description(m.notice); }},
      {"rule", [](const Message& m) -> Value { return m.notice.alert->opened->rule_id; }},
      {"scope", [](const Message& m) -> Value { return scope_text(*m.notice.alert); }},
      {"since", [](const Message& m) -> Value { return since_text(m.notice); }},
      {"opened", [](const Message& m) -> Value { return utc_text(m.notice.alert->opened_at); }},
      {"duration", [](const Message& m) -> Value { return since_opening(m.notice); }},
      {"trend",
       [](const Message& m) -> Value {
         return std::string(to_text(m.notice.alert->latest->momentum.trend));
       }},
      {"series",
       [](const Message& m) -> Value {
         return joined(violation_lines(*m.notice.alert, kViolationsShown));
       }},
      {"acknowledged_by",
       [](const Message& m) -> Value { return m.notice.alert->acknowledged_by; }},
      {"ended", [](const Message& m) -> Value { return m.notice.alert->resolve_reason; }},
      {"receiver", [](const Message& m) -> Value { return m.notice.receiver; }},
      {"id", [](const Message& m) -> Value { return to_text(m.notice.alert->id); }},
      {"link", [](const Message& m) -> Value { return m.links.page(*m.notice.alert); }},
      {"ack_link", [](const Message& m) -> Value { return acknowledge_url(m.links, m.notice); }},
      {"grafana", [](const Message& m) -> Value { return m.links.grafana_url(*m.notice.alert); }},
  };
  return all;
}

const Known* find_known(std::string_view name) {
  const auto found = std::find_if(known_fields().begin(), known_fields().end(),
                                  [&](const Known& each) { return each.name == name; });
  return found == known_fields().end() ? nullptr : &*found;
}

bool is_member(std::string_view field) {
  return (field.starts_with("label.") && field.size() > 6) ||
         (field.starts_with("annotation.") && field.size() > 11);
}

Value member_value(const AlertView& alert, std::string_view field) {
  if (field.starts_with("annotation.")) {
    const auto found = alert.latest->annotations.find(std::string(field.substr(11)));
    if (found == alert.latest->annotations.end()) return std::nullopt;
    return found->second;
  }
  const std::string_view name = field.substr(6);
  const Labels labels = alert_labels(alert.latest);
  for (const auto& [key, value] : labels.pairs())
    if (key == name && !value.empty()) return std::string(value);
  return std::nullopt;
}

Value value_of(const Message& message, std::string_view field,
               std::span<const Template::Field> more) {
  for (const Template::Field& each : more)
    if (each.name == field) return each.value;
  if (const Known* known = find_known(field)) return known->value(message);
  return member_value(*message.notice.alert, field);
}

}  // namespace

std::string template_fields() {
  std::string out;
  for (const Known& each : known_fields()) out.append(out.empty() ? "" : ", ").append(each.name);
  return out + ", label.NAME, annotation.NAME";
}

Result<Template::Piece> Template::parse_reference(std::string_view inside,
                                                  std::span<const std::string_view> more) {
  Piece out;
  const size_t colon = inside.rfind(':');
  if (colon != std::string_view::npos) {
    const std::string_view escape = inside.substr(colon + 1);
    if (escape == "url") out.escape = Escape::kUrl;
    if (escape == "xml") out.escape = Escape::kXml;
    if (escape == "json") out.escape = Escape::kJson;
    if (out.escape != Escape::kNone) inside = inside.substr(0, colon);
  }
  const size_t bar = inside.find('|');
  out.has_default = bar != std::string_view::npos;
  if (out.has_default) out.text = inside.substr(bar + 1);
  out.field = inside.substr(0, bar);
  const bool given = std::find(more.begin(), more.end(), out.field) != more.end();
  if (given || find_known(out.field) != nullptr || is_member(out.field)) return out;
  std::vector<std::string_view> names(more.begin(), more.end());
  for (const Known& each : known_fields()) names.push_back(each.name);
  const std::string_view near = nearest_word(out.field, names);
  return fail(ErrorCode::kInvalid,
              fmt::format("there is no field {{{}}}{}; there are {}", cut_text(out.field, 60),
                          near.empty() ? "" : fmt::format(", did you mean {{{}}}", near),
                          template_fields()));
}

Result<Template> Template::parse(std::string_view text, std::span<const std::string_view> more) {
  if (text.size() > kTemplateMax)
    return fail(ErrorCode::kInvalid, fmt::format("a template has at most {} bytes", kTemplateMax));
  Template out;
  std::string literal;
  const auto keep = [&] {
    if (!literal.empty()) out.pieces_.push_back({std::exchange(literal, {}), {}});
  };
  while (!text.empty()) {
    if (text.starts_with("{{") || text.starts_with("}}")) {
      literal += text.front();
      text.remove_prefix(2);
    } else if (text.front() == '}') {
      return fail(ErrorCode::kInvalid, "a } without its {; a brace itself is written }}");
    } else if (text.front() != '{') {
      literal += text.front();
      text.remove_prefix(1);
    } else {
      const size_t end = text.find('}');
      if (end == std::string_view::npos)
        return fail(ErrorCode::kInvalid, "a { without its }; a brace itself is written {{");
      auto piece = parse_reference(text.substr(1, end - 1), more);
      if (!piece) return fail(piece.error());
      keep();
      out.pieces_.push_back(std::move(*piece));
      text.remove_prefix(end + 1);
    }
  }
  keep();
  return out;
}

std::string Template::escaped(std::string_view value, Escape escape) {
  switch (escape) {
    case Escape::kNone:
      return std::string(value);
    case Escape::kUrl:
      return url_text(value);
    case Escape::kXml:
      return html_escaped(value);
    case Escape::kJson: {
      const std::string quoted = JsonWriter().string(value).take();
      return quoted.substr(1, quoted.size() - 2);
    }
  }
  return {};
}

Result<std::string> Template::fill(const Message& message, std::span<const Field> more) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    if (piece.field.empty()) {
      out += piece.text;
      continue;
    }
    Value value = value_of(message, piece.field, more);
    if ((!value || value->empty()) && piece.has_default) value = piece.text;
    if (!value)
      return fail(ErrorCode::kInvalid,
                  fmt::format("the alert has no {}; give a default, {{{}|none}}", piece.field,
                              piece.field));
    out += escaped(*value, piece.escape);
  }
  return cut_text(out, kFilledMax);
}

}  // namespace tocsin::respond
