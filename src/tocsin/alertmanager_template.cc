// Alertmanager's templates in the fields of respond/template.h, as far as both know the thing:
// labels, annotations, status, receiver, times, and a loop over the alerts of a message, since a
// message here is about one alert or says by itself what a group has.
#include <array>
#include <optional>
#include <utility>

#include "tocsin/alertmanager_import.h"

namespace tocsin {
namespace {

constexpr size_t kTemplateMax = 10'000;  // as respond/template.cc reads them

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::string_view(" \t\r\n").find(text.front()) != text.npos)
    text.remove_prefix(1);
  while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != text.npos)
    text.remove_suffix(1);
  return text;
}

bool is_name(std::string_view text) {
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
      return false;
  return !text.empty();
}

std::string of_label(std::string_view name) {
  return name == "alertname" ? "{rule}" : "{label." + std::string(name) + "|}";
}

std::string of_annotation(std::string_view name) {
  if (name == "summary" || name == "description") return "{" + std::string(name) + "}";
  return "{annotation." + std::string(name) + "|}";
}

// ".CommonLabels.site" and its like.
std::optional<std::string> field(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kFields{{
      {".Status", "{state}"},
      {".Receiver", "{receiver}"},
      {".ExternalURL", "{link}"},
      {".GeneratorURL", "{link}"},
      {".StartsAt", "{opened}"},
  }};
  for (const auto& [theirs, ours] : kFields)
    if (path == theirs) return std::string(ours);
  for (const std::string_view of : {".Labels.", ".CommonLabels.", ".GroupLabels."})
    if (path.starts_with(of) && is_name(path.substr(of.size())))
      return of_label(path.substr(of.size()));
  for (const std::string_view of : {".Annotations.", ".CommonAnnotations."})
    if (path.starts_with(of) && is_name(path.substr(of.size())))
      return of_annotation(path.substr(of.size()));
  return std::nullopt;
}

// The text between the braces of an action.
class Translation {
 public:
  std::optional<std::string> action(std::string_view inside) {
    inside = trimmed(inside);
    if (inside.starts_with("/*") && inside.ends_with("*/")) return "";
    if (inside == "range .Alerts" || inside == "range .Alerts.Firing") {
      if (std::exchange(looped_, true)) return std::nullopt;
      in_loop_ = true;
      return "";
    }
    if (inside == "end") {
      if (!std::exchange(in_loop_, false)) return std::nullopt;
      return "";
    }
    const size_t bar = inside.find('|');
    // Letters' case is not kept: the words are the same.
    const std::string_view filter = bar == inside.npos ? "" : trimmed(inside.substr(bar + 1));
    if (!filter.empty() && filter != "toUpper" && filter != "toLower" && filter != "title")
      return std::nullopt;
    return field(trimmed(inside.substr(0, bar)));
  }
  bool open() const { return in_loop_; }

 private:
  bool looped_ = false, in_loop_ = false;
};

}  // namespace

std::optional<std::string> take_over_template(std::string_view text) {
  // Alertmanager's own default: the built-in words stand for it.
  if (trimmed(text).starts_with("{{ template \"") && text.find(".default.") != text.npos &&
      text.find("{{") == text.rfind("{{"))
    return "";
  std::string out;
  Translation translation;
  bool cut_blanks = false;  // the action before ended in -}}
  while (!text.empty()) {
    const size_t open = text.find("{{");
    std::string_view words = text.substr(0, open);
    if (cut_blanks)
      words = trimmed(words).empty() ? "" : words.substr(words.find_first_not_of(" \t\r\n"));
    const bool cuts = open != text.npos && text.substr(open + 2).starts_with("- ");
    if (cuts)
      while (!words.empty() && trimmed(words.substr(words.size() - 1)).empty())
        words.remove_suffix(1);
    for (const char c : words) out.append(c == '{' || c == '}' ? 2 : 1, c);
    if (open == text.npos) break;
    text.remove_prefix(open + 2);
    const size_t close = text.find("}}");
    if (close == text.npos) return std::nullopt;
    std::string_view inside = text.substr(0, close);
    if (cuts) inside.remove_prefix(1);
    cut_blanks = inside.ends_with(" -");
    if (cut_blanks) inside.remove_suffix(1);
    const auto said = translation.action(inside);
    if (!said) return std::nullopt;
    out += *said;
    text.remove_prefix(close + 2);
  }
  if (translation.open() || out.size() > kTemplateMax) return std::nullopt;
  return out;
}

}  // namespace tocsin
