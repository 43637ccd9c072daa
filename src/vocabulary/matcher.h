#pragma once
// Picks series by name and labels; shared by workers, rules, routes and silences.
//   name   exact, prefix ("payments_*"), suffix ("*_total") or RE2 ("~pay.*"), all anchored
//   labels label = value, != value, =~ regex, !~ regex; a missing label is the empty value

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "vocabulary/labels.h"

namespace tocsin {

// One condition on one label.
class LabelMatcher {
 public:
  enum class Op { kEqual, kNotEqual, kMatch, kNotMatch };
  // kInvalid if the regular expression is not RE2's (message carries RE2's own words).
  static Result<LabelMatcher> make(std::string label, Op op, std::string value);
  // `site="madrid"`, `site=madrid`, `host=~"web.*"`, `job!=x`, `job!~y`.
  static Result<LabelMatcher> parse(std::string_view text);

  bool matches(std::string_view value) const;
  bool matches(const Labels& labels) const { return matches(labels.get(label_)); }
  const std::string& label() const { return label_; }
  const std::string& value() const { return value_; }
  Op op() const { return op_; }
  std::string text() const;

 private:
  struct Regex;
  std::string label_;
  Op op_ = Op::kEqual;
  std::string value_;
  std::shared_ptr<const Regex> regex_;
};

// All of its conditions; the empty selector matches every series.
class SeriesSelector {
 public:
  // name in the notation above; "" or "*" matches any name.
  static Result<SeriesSelector> make(std::string_view name, std::vector<LabelMatcher> labels);
  // PromQL's `name{a="b",c=~"d"}`; the name may be in the notation above.
  static Result<SeriesSelector> parse(std::string_view text);

  bool matches(const Labels& labels) const;
  std::string text() const;
  const std::vector<LabelMatcher>& matchers() const { return matchers_; }
  // Of a name with a star: what stands before and after it. Not among the matchers.
  const std::string& name_prefix() const { return name_prefix_; }
  const std::string& name_suffix() const { return name_suffix_; }

 private:
  std::vector<LabelMatcher> matchers_;  // the name's condition is the first, if there is one
  std::string name_prefix_, name_suffix_;
};

}  // namespace tocsin
