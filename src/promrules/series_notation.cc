#include "promrules/series_notation.h"

#include <fmt/format.h>

#include "base/text.h"
#include "promql/literals.h"
#include "promql/parse.h"
#include "promql/quote.h"
#include "promrules/alerting.h"

namespace tocsin::promrules {
namespace {

tl::unexpected<Error> wrong(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message));
}

// A number at the start of `rest`, with its sign; `rest` is shortened by it.
std::optional<double> number(std::string_view& rest) {
  bool minus = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    minus = rest[0] == '-';
    rest.remove_prefix(1);
  }
  size_t end = 0;
  const auto exponent = [&] { return end > 0 && (rest[end - 1] | 0x20) == 'e'; };
  while (end < rest.size() && rest[end] != 'x' &&
         ((rest[end] != '-' && rest[end] != '+') || exponent()))
    ++end;
  const auto value = promql::read_number(rest.substr(0, end));
  if (!value) return std::nullopt;
  rest.remove_prefix(end);
  return minus ? -*value : *value;
}

Result<void> add_item(std::string_view item, std::vector<std::optional<double>>& out) {
  const auto bad = [&](std::string_view why) {
    return wrong(fmt::format("series values: {} {}", promql::quoted(item), why));
  };
  std::optional<double> value;
  double step = 0;
  std::string_view rest = item;
  const bool blank = rest.starts_with('_');
  if (blank) {
    rest.remove_prefix(1);
  } else if (rest.starts_with("stale")) {
    rest.remove_prefix(5);
    value = stale_marker();
  } else {
    value = number(rest);
    if (!value) return bad("is no number, \"_\" or \"stale\"");
    if (rest.starts_with('+') || rest.starts_with('-')) {
      const auto change = number(rest);
      if (!change) return bad("has no number behind its sign");
      step = *change;
      if (!rest.starts_with('x')) return bad("says no count (such as 1+2x5)");
    }
  }
  int64_t count = 0;
  const bool repeats = rest.starts_with('x');
  if (repeats) {
    const auto times = parse_int(rest.substr(1));
    if (!times || *times < 0) return bad("has no count behind \"x\"");
    count = *times;
    rest = {};
  }
  if (!rest.empty()) return bad("cannot be read to its end");
  // `1x3` is four values, `_x3` three gaps.
  const auto copies = static_cast<size_t>(blank && repeats ? count : count + 1);
  if (copies > kSequenceMax - out.size())
    return bad(fmt::format("makes more than {} values", kSequenceMax));
  for (size_t i = 0; i < copies; ++i) {
    out.push_back(value);
    if (value && step != 0) *value += step;  // adding would make another NaN of a stale marker
  }
  return {};
}

}  // namespace

Result<Labels> read_metric(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (text.empty()) return Labels{};
  const auto selector = promql::parse_selector(text);
  if (!selector) return wrong(selector.error().text(text));
  std::vector<Labels::Pair> pairs;
  for (const LabelMatcher& matcher : selector->matchers) {
    if (matcher.op() != LabelMatcher::Op::kEqual)
      return wrong(fmt::format("{}: a series has labels with =, not conditions", text));
    pairs.emplace_back(matcher.label(), matcher.value());
  }
  return Labels(std::move(pairs));
}

Result<std::vector<std::optional<double>>> read_sequence(std::string_view text) {
  std::vector<std::optional<double>> out;
  while (true) {
    const size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return out;
    text.remove_prefix(begin);
    const std::string_view item = text.substr(0, text.find_first_of(" \t\r\n"));
    if (auto done = add_item(item, out); !done) return fail(done.error());
    text.remove_prefix(item.size());
  }
}

}  // namespace tocsin::promrules
