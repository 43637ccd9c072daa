#include "vocabulary/matcher.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

namespace tocsin {

struct LabelMatcher::Regex {
  re2::RE2 re;
  explicit Regex(const std::string& pattern, const re2::RE2::Options& options)
      : re(pattern, options) {}
};

Result<LabelMatcher> LabelMatcher::make(std::string label, Op op, std::string value) {
  LabelMatcher made;
  made.label_ = std::move(label);
  made.op_ = op;
  made.value_ = std::move(value);
  if (op == Op::kMatch || op == Op::kNotMatch) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    auto regex = std::make_shared<Regex>(made.value_, options);
    if (!regex->re.ok())
      return fail(ErrorCode::kInvalid,
                  fmt::format("cannot use \"{}\" as a regular expression for label {}: {}; "
                              "RE2 syntax is expected (no look-around, no back references)",
                              made.value_, made.label_, regex->re.error()));
    made.regex_ = std::move(regex);
  }
  return made;
}

Result<LabelMatcher> LabelMatcher::parse(std::string_view text) {
  const size_t at = text.find_first_of("=!");
  if (at == std::string_view::npos || at == 0 || at + 1 > text.size())
    return fail(ErrorCode::kInvalid,
                fmt::format("cannot read \"{}\" as a label condition; expected "
                            "label=value, label!=value, label=~regex or "
                            "label!~regex",
                            text));
  const std::string_view rest = text.substr(at);
  Op op = Op::kEqual;
  size_t length = 1;
  if (rest.starts_with("=~"))
    op = Op::kMatch, length = 2;
  else if (rest.starts_with("!="))
    op = Op::kNotEqual, length = 2;
  else if (rest.starts_with("!~"))
    op = Op::kNotMatch, length = 2;
  else if (rest.starts_with("!"))
    return fail(ErrorCode::kInvalid, fmt::format("cannot read \"{}\": after ! comes = or ~", text));
  std::string_view label = text.substr(0, at);
  while (label.ends_with(' ')) label.remove_suffix(1);
  while (label.starts_with(' ')) label.remove_prefix(1);
  std::string_view value = rest.substr(length);
  while (value.starts_with(' ')) value.remove_prefix(1);
  while (value.ends_with(' ')) value.remove_suffix(1);
  std::string plain;
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
      value.back() == value.front()) {
    for (size_t i = 1; i + 1 < value.size(); ++i) {
      if (value[i] == '\\' && i + 2 < value.size()) {
        ++i;
        plain += value[i] == 'n' ? '\n' : value[i] == 't' ? '\t' : value[i];
      } else {
        plain += value[i];
      }
    }
  } else {
    plain = value;
  }
  return make(std::string(label), op, std::move(plain));
}

bool LabelMatcher::matches(std::string_view value) const {
  switch (op_) {
    case Op::kEqual:
      return value == value_;
    case Op::kNotEqual:
      return value != value_;
    case Op::kMatch:
      return re2::RE2::FullMatch({value.data(), value.size()}, regex_->re);
    case Op::kNotMatch:
      return !re2::RE2::FullMatch({value.data(), value.size()}, regex_->re);
  }
  return false;
}

std::string LabelMatcher::text() const {
  const char* op = "=";
  switch (op_) {
    case Op::kEqual:
      break;
    case Op::kNotEqual:
      op = "!=";
      break;
    case Op::kMatch:
      op = "=~";
      break;
    case Op::kNotMatch:
      op = "!~";
      break;
  }
  std::string quoted;
  for (const char c : value_) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n')
      quoted += "\\n";
    else
      quoted += c;
  }
  return label_ + op + "\"" + quoted + "\"";
}

Result<SeriesSelector> SeriesSelector::make(std::string_view name,
                                            std::vector<LabelMatcher> labels) {
  SeriesSelector made;
  using Op = LabelMatcher::Op;
  Result<LabelMatcher> condition = LabelMatcher{};
  if (name.starts_with('~')) {
    condition =
        LabelMatcher::make(std::string(kNameLabel), Op::kMatch, std::string(name.substr(1)));
    if (!condition) return fail(condition.error());
    made.matchers_.push_back(*condition);
  } else if (name.find('*') != std::string_view::npos) {
    const size_t star = name.find('*');
    made.name_prefix_ = name.substr(0, star);
    made.name_suffix_ = name.substr(star + 1);
    if (made.name_suffix_.find('*') != std::string::npos)
      return fail(ErrorCode::kInvalid, fmt::format("cannot use \"{}\" as a name: one * at most; "
                                                   "write ~REGEX for more",
                                                   name));
  } else if (!name.empty()) {
    condition = LabelMatcher::make(std::string(kNameLabel), Op::kEqual, std::string(name));
    made.matchers_.push_back(*condition);
  }
  std::move(labels.begin(), labels.end(), std::back_inserter(made.matchers_));
  return made;
}

Result<SeriesSelector> SeriesSelector::parse(std::string_view text) {
  const size_t brace = text.find('{');
  const std::string_view name = text.substr(0, brace);
  std::vector<LabelMatcher> matchers;
  if (brace == std::string_view::npos) return make(name, {});
  if (text.back() != '}')
    return fail(ErrorCode::kInvalid,
                fmt::format("cannot read selector \"{}\": no closing brace", text));
  std::string_view rest = text.substr(brace + 1, text.size() - brace - 2);
  while (!rest.empty()) {
    size_t end = 0;
    char quote = 0;
    for (; end < rest.size(); ++end) {
      if (quote != 0) {
        if (rest[end] == '\\')
          ++end;
        else if (rest[end] == quote)
          quote = 0;
      } else if (rest[end] == '"' || rest[end] == '\'') {
        quote = rest[end];
      } else if (rest[end] == ',') {
        break;
      }
    }
    const std::string_view one = rest.substr(0, std::min(end, rest.size()));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (one.find_first_not_of(' ') == std::string_view::npos) continue;
    auto matcher = LabelMatcher::parse(one);
    if (!matcher) return fail(matcher.error());
    matchers.push_back(std::move(*matcher));
  }
  return make(name, std::move(matchers));
}

bool SeriesSelector::matches(const Labels& labels) const {
  if (!name_prefix_.empty() || !name_suffix_.empty()) {
    const std::string_view name = labels.name();
    if (name.size() < name_prefix_.size() + name_suffix_.size()) return false;
    if (!name.starts_with(name_prefix_) || !name.ends_with(name_suffix_)) return false;
  }
  return std::all_of(matchers_.begin(), matchers_.end(),
                     [&](const LabelMatcher& matcher) { return matcher.matches(labels); });
}

std::string SeriesSelector::text() const {
  std::string out;
  if (!name_prefix_.empty() || !name_suffix_.empty()) out = name_prefix_ + "*" + name_suffix_;
  std::string inner;
  for (const LabelMatcher& matcher : matchers_) {
    if (matcher.label() == kNameLabel && matcher.op() == LabelMatcher::Op::kEqual && out.empty()) {
      out = matcher.value();
      continue;
    }
    if (!inner.empty()) inner += ",";
    inner += matcher.text();
  }
  if (!inner.empty()) out += "{" + inner + "}";
  return out.empty() ? "*" : out;
}

}  // namespace tocsin
