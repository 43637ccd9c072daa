#include "promrules/template_functions.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>

#include "base/html.h"
#include "base/text.h"
#include "promql/literals.h"
#include "promql/quote.h"
#include "promrules/humanize.h"

namespace tocsin::promrules {
namespace {

using Arguments = std::span<const Value>;
using Answer = Result<Value>;

tl::unexpected<Error> wrong(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message));
}
Answer text_value(std::string text) { return Value{std::move(text)}; }

Result<std::string> text_of(const Value& value) {
  if (const auto* text = value.as<std::string>()) return *text;
  return wrong(fmt::format("wrong type for value; expected string; got {}", value.kind()));
}

// ---- text

std::string mapped(std::string text, char first, char last, int by) {
  for (char& c : text)
    if (c >= first && c <= last) c = static_cast<char>(c + by);
  return text;
}
std::string title(std::string text) {
  bool inside = false;
  for (char& c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter && !inside && c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    inside = letter || (inside && ((c >= '0' && c <= '9') || c == '\'' || c == '_'));
  }
  return text;
}
std::string strip_port(const std::string& host_port) {
  const size_t colon = host_port.rfind(':');
  if (colon == std::string::npos) return host_port;
  std::string host = host_port.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) return host.substr(1, host.size() - 2);
  return host.find(':') == std::string::npos ? host : host_port;
}
bool is_address(std::string_view text) {
  return text.find(':') != std::string_view::npos ||
         text.find_first_not_of("0123456789.") == std::string_view::npos;
}
std::string strip_domain(const std::string& host_port) {
  const std::string host = strip_port(host_port);
  if (is_address(host)) return host_port;
  const std::string port = host.size() < host_port.size() && host_port.starts_with(host)
                               ? host_port.substr(host.size())
                               : "";
  return host.substr(0, host.find('.')) + port;
}
std::string url_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("-_.~").find(c) != std::string_view::npos;
    if (plain)
      out += c;
    else if (c == ' ')
      out += '+';
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}
// $1, ${1}, ${name}, $$ as Go has them -> the text.
std::string expanded(std::string_view pattern, const re2::RE2& regex,
                     std::span<const re2::StringPiece> groups) {
  std::string out;
  for (size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '$' || at + 1 >= pattern.size()) {
      out += pattern[at];
      continue;
    }
    if (pattern[at + 1] == '$') {
      out += pattern[++at];
      continue;
    }
    const bool braces = pattern[at + 1] == '{';
    const size_t from = at + 1 + braces;
    size_t to = from;
    while (to < pattern.size() &&
           (std::isalnum(static_cast<unsigned char>(pattern[to])) || pattern[to] == '_'))
      ++to;
    if (to == from || (braces && (to >= pattern.size() || pattern[to] != '}'))) {
      out += '$';
      continue;
    }
    const std::string name(pattern.substr(from, to - from));
    const auto number = parse_int(name);
    const auto named = regex.NamedCapturingGroups().find(name);
    const size_t group = number ? static_cast<size_t>(std::max<int64_t>(*number, 0))
                         : named == regex.NamedCapturingGroups().end()
                             ? groups.size()
                             : static_cast<size_t>(named->second);
    if (group < groups.size()) out += std::string(groups[group]);
    at = to - 1 + braces;
  }
  return out;
}

Answer replace_all(Arguments a) {
  const auto pattern = text_of(a[0]), replacement = text_of(a[1]), text = text_of(a[2]);
  if (!pattern || !replacement || !text) return wrong("wrong type for value; expected string");
  const re2::RE2 regex(*pattern, re2::RE2::Quiet);
  if (!regex.ok()) return wrong("regexp: " + regex.error());
  std::vector<re2::StringPiece> groups(static_cast<size_t>(regex.NumberOfCapturingGroups()) + 1);
  std::string out;
  size_t at = 0;
  while (at <= text->size() && regex.Match(*text, at, text->size(), re2::RE2::UNANCHORED,
                                           groups.data(), static_cast<int>(groups.size()))) {
    const size_t begin = static_cast<size_t>(groups[0].data() - text->data());
    out.append(*text, at, begin - at);
    out += expanded(*replacement, regex, groups);
    at = begin + groups[0].size();
    if (!groups[0].empty()) continue;
    if (at < text->size()) out += (*text)[at];
    ++at;
  }
  if (at < text->size()) out.append(*text, at);
  return text_value(out);
}

Answer matches(Arguments a) {
  const auto pattern = text_of(a[0]), text = text_of(a[1]);
  if (!pattern || !text) return wrong("wrong type for value; expected string");
  const re2::RE2 regex(*pattern, re2::RE2::Quiet);
  if (!regex.ok()) return wrong("error parsing regexp: " + regex.error());
  return Value{re2::RE2::PartialMatch(*text, regex)};
}

template <class Change>
auto on_text(const Change& change) {
  return [change](Arguments a, const TemplateData&) -> Answer {
    auto text = text_of(a[0]);
    if (!text) return fail(text.error());
    return text_value(change(std::move(*text)));
  };
}
template <class Change>
auto on_number(const Change& change) {
  return [change](Arguments a, const TemplateData&) -> Answer {
    const auto number = number_of(a[0]);
    if (!number) return fail(number.error());
    auto text = change(*number);
    if (!text) return fail(text.error());
    return text_value(std::move(*text));
  };
}

// ---- results of queries

Answer query(Arguments a, const TemplateData& data) {
  const auto text = text_of(a[0]);
  if (!text) return fail(text.error());
  if (!data.query) return wrong("queries cannot be run here");
  auto samples = data.query(*text);
  if (!samples) return fail(samples.error());
  return Value{std::move(*samples)};
}
Answer first(Arguments a, const TemplateData&) {
  const auto* samples = a[0].as<QuerySamples>();
  if (!samples) return wrong("expected the result of a query");
  if (samples->empty()) return wrong("first() called on vector with no elements");
  return Value{samples->front()};
}
Answer label(Arguments a, const TemplateData&) {
  const auto name = text_of(a[0]);
  const auto* sample = a[1].as<QuerySample>();
  if (!name || !sample) return wrong("expected the name of a label and a sample");
  return field_of(Value{sample->labels}, *name);
}
Answer sample_value(Arguments a, const TemplateData&) {
  const auto* sample = a[0].as<QuerySample>();
  if (!sample) return wrong("expected a sample");
  return Value{sample->value};
}
Answer sample_text(Arguments a, const TemplateData&) {
  const auto* sample = a[0].as<QuerySample>();
  if (!sample) return wrong("expected a sample");
  return field_of(Value{sample->labels}, "__value__");
}
Answer sort_by_label(Arguments a, const TemplateData&) {
  const auto name = text_of(a[0]);
  const auto* samples = a[1].as<QuerySamples>();
  if (!name || !samples) return wrong("expected the name of a label and the result of a query");
  QuerySamples out = *samples;
  const auto value = [&](const QuerySample& sample) {
    const auto found = sample.labels.find(*name);
    return found == sample.labels.end() ? std::string() : found->second;
  };
  std::ranges::stable_sort(out, {}, value);
  return Value{std::move(out)};
}
Answer numbered(Arguments a, const TemplateData&) {
  ValueMap out;
  for (size_t i = 0; i < a.size(); ++i) out[fmt::format("arg{}", i)] = a[i];
  return Value{std::move(out)};
}

// ---- the language's own

Answer length(Arguments a, const TemplateData&) {
  if (const auto* text = a[0].as<std::string>()) return Value{static_cast<int64_t>(text->size())};
  if (const auto* map = a[0].as<TextMap>()) return Value{static_cast<int64_t>(map->size())};
  if (const auto* list = a[0].as<QuerySamples>()) return Value{static_cast<int64_t>(list->size())};
  return wrong(fmt::format("len of type {}", a[0].kind()));
}
Answer indexed(Arguments a, const TemplateData&) {
  Value at = a[0];
  for (const Value& key : a.subspan(1)) {
    const auto* samples = at.as<QuerySamples>();
    const auto* number = key.as<int64_t>();
    if (samples && number) {
      if (*number < 0 || static_cast<size_t>(*number) >= samples->size())
        return wrong(fmt::format("index out of range: {}", *number));
      const QuerySample sample = (*samples)[static_cast<size_t>(*number)];
      at = Value{sample};
      continue;
    }
    const auto name = text_of(key);
    if (!name || (!at.as<TextMap>() && !at.as<ValueMap>()))
      return wrong(fmt::format("can't index item of type {}", at.kind()));
    auto inner = field_of(at, *name);
    if (!inner) return inner;
    at = std::move(*inner);
  }
  return at;
}

std::string printed(Arguments a, bool line) {
  std::string out;
  for (size_t i = 0; i < a.size(); ++i) {
    const bool words = i > 0 && !a[i].as<std::string>() && !a[i - 1].as<std::string>();
    if (i > 0 && (line || words)) out += ' ';
    out += a[i].text();
  }
  return line ? out + "\n" : out;
}
Answer print_format(Arguments a, const TemplateData&) {
  const auto format = text_of(a[0]);
  if (!format) return fail(format.error());
  return text_value(go_format(*format, a.subspan(1)));
}

// -1, 0, 1; 2 if the types do not go together (a number of another kind does not, as in Go).
int compared(const Value& left, const Value& right) {
  if (left.of.index() != right.of.index()) return 2;
  const auto by = [](const auto& a, const auto& b) { return a < b ? -1 : b < a ? 1 : 0; };
  if (const auto* text = left.as<std::string>()) return by(*text, *right.as<std::string>());
  if (const auto* number = left.as<double>()) {
    if (std::isnan(*number) || std::isnan(*right.as<double>())) return 3;
    return by(*number, *right.as<double>());
  }
  if (const auto* number = left.as<int64_t>()) return by(*number, *right.as<int64_t>());
  if (const auto* truth = left.as<bool>()) return by(*truth, *right.as<bool>());
  return 2;
}
Answer equal(Arguments a, const TemplateData&) {
  for (const Value& other : a.subspan(1)) {
    const int order = compared(a[0], other);
    if (order == 2) return wrong("incompatible types for comparison");
    if (order == 0) return Value{true};
  }
  return Value{false};
}
template <class Holds>
auto comparison(const Holds& holds) {
  return [holds](Arguments a, const TemplateData&) -> Answer {
    const int order = compared(a[0], a[1]);
    if (order == 2) return wrong("incompatible types for comparison");
    return Value{holds(order)};
  };
}
// and, or: the first argument that decides, else the last.
template <bool kStopAt>
Answer chosen(Arguments a, const TemplateData&) {
  for (const Value& value : a)
    if (value.truth() == kStopAt) return value;
  return a.back();
}

struct Entry {
  size_t least, most;
  std::function<Answer(Arguments, const TemplateData&)> run;
};
constexpr size_t kAny = 1000;

std::string graph_link(const std::string& expression, int tab) {
  return fmt::format("/graph?g0.expr={}&g0.tab={}", url_escaped(expression), tab);
}

std::map<std::string_view, Entry> text_functions() {
  const auto plain = [](std::string text) { return text; };
  const auto all_text = [](Arguments a, const TemplateData&) {
    return text_value(printed(a, false));
  };
  return {
      {"title", {1, 1, on_text(title)}},
      {"toUpper",
       {1, 1, on_text([](std::string t) { return mapped(std::move(t), 'a', 'z', -32); })}},
      {"toLower",
       {1, 1, on_text([](std::string t) { return mapped(std::move(t), 'A', 'Z', 32); })}},
      {"graphLink", {1, 1, on_text([](const std::string& t) { return graph_link(t, 0); })}},
      {"tableLink", {1, 1, on_text([](const std::string& t) { return graph_link(t, 1); })}},
      {"stripPort", {1, 1, on_text(strip_port)}},
      {"stripDomain", {1, 1, on_text(strip_domain)}},
      {"safeHtml", {1, 1, on_text(plain)}},
      {"match", {2, 2, [](Arguments a, const TemplateData&) { return matches(a); }}},
      {"reReplaceAll", {3, 3, [](Arguments a, const TemplateData&) { return replace_all(a); }}},
      {"externalURL",
       {0, 0, [](Arguments, const TemplateData& d) { return text_value(d.external_url); }}},
      {"pathPrefix", {0, 0, [](Arguments, const TemplateData&) { return text_value(""); }}},
      {"print", {0, kAny, all_text}},
      {"println",
       {0, kAny, [](Arguments a, const TemplateData&) { return text_value(printed(a, true)); }}},
      {"printf", {1, kAny, print_format}},
      {"html",
       {0, kAny,
        [](Arguments a, const TemplateData&) {
          return text_value(html_escaped(printed(a, false)));
        }}},
      {"js", {0, kAny, all_text}},
      {"urlquery",
       {0, kAny,
        [](Arguments a, const TemplateData&) {
          return text_value(url_escaped(printed(a, false)));
        }}},
  };
}

std::map<std::string_view, Entry> number_functions() {
  const auto text = [](auto format) {
    return on_number([format](double v) -> Result<std::string> { return format(v); });
  };
  return {
      {"humanize", {1, 1, text(humanize)}},
      {"humanize1024", {1, 1, text(humanize1024)}},
      {"humanizeDuration", {1, 1, text(humanize_duration)}},
      {"humanizePercentage", {1, 1, text(humanize_percentage)}},
      {"humanizeTimestamp", {1, 1, on_number(humanize_timestamp)}},
      {"toTime",
       {1, 1,
        [](Arguments a, const TemplateData&) -> Answer {
          const auto number = number_of(a[0]);
          if (!number) return fail(number.error());
          const auto time = instant_of(*number);
          if (!time) return fail(time.error());
          return Value{*time};
        }}},
      {"parseDuration",
       {1, 1,
        [](Arguments a, const TemplateData&) -> Answer {
          const auto span = promql::read_duration(a[0].text());
          if (!span) return wrong(span.error());
          return Value{span->seconds()};
        }}},
  };
}

std::map<std::string_view, Entry> make_table() {
  std::map<std::string_view, Entry> out{
      {"query", {1, 1, query}},
      {"first", {1, 1, first}},
      {"label", {2, 2, label}},
      {"value", {1, 1, sample_value}},
      {"strvalue", {1, 1, sample_text}},
      {"sortByLabel", {2, 2, sort_by_label}},
      {"args", {0, kAny, numbered}},
      {"len", {1, 1, length}},
      {"index", {1, kAny, indexed}},
      {"not",
       {1, 1, [](Arguments a, const TemplateData&) -> Answer { return Value{!a[0].truth()}; }}},
      {"and", {1, kAny, chosen<false>}},
      {"or", {1, kAny, chosen<true>}},
      {"eq", {2, kAny, equal}},
      {"ne", {2, 2, comparison([](int order) { return order != 0; })}},
      {"lt", {2, 2, comparison([](int order) { return order == -1; })}},
      {"le", {2, 2, comparison([](int order) { return order <= 0; })}},
      {"gt", {2, 2, comparison([](int order) { return order == 1; })}},
      {"ge", {2, 2, comparison([](int order) { return order == 0 || order == 1; })}},
  };
  out.merge(text_functions());
  out.merge(number_functions());
  return out;
}

const std::map<std::string_view, Entry>& table() {
  static const std::map<std::string_view, Entry> functions = make_table();
  return functions;
}

}  // namespace

bool is_template_function(std::string_view name) { return table().contains(name); }

Result<Value> call_template_function(std::string_view name, std::span<const Value> arguments,
                                     const TemplateData& data) {
  const auto found = table().find(name);
  if (found == table().end()) return wrong(fmt::format("function \"{}\" not defined", name));
  const Entry& entry = found->second;
  if (arguments.size() < entry.least || arguments.size() > entry.most)
    return wrong(fmt::format("wrong number of args: want {}{} got {}",
                             entry.most == kAny ? "at least " : "", entry.least, arguments.size()));
  return entry.run(arguments, data);
}

}  // namespace tocsin::promrules
