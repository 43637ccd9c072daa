#include "replay/detect_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/json_writer.h"

namespace tocsin::replay {
namespace {

using Bin = DetectChart::Bin;

void take_in(Bin& bin, const Bin& later) {
  bin.to = later.to;
  bin.low = std::min(bin.low, later.low);
  bin.high = std::max(bin.high, later.high);
  bin.score = std::max(bin.score, later.score);
  bin.violation = bin.violation || later.violation;
  if (!later.judged) return;
  bin.lower = bin.judged ? std::min(bin.lower, later.lower) : later.lower;
  bin.upper = bin.judged ? std::max(bin.upper, later.upper) : later.upper;
  bin.expected = later.expected;
  bin.judged = true;
}

// Seven digits are more than a screen has rows.
void append_short(std::string& out, double number) {
  fmt::format_to(std::back_inserter(out), "{:.7g}", number);
}

// "KEY":[...], with null where a bin has no such number.
template <class Number>
void append_column(std::string& out, std::string_view key, const std::vector<Bin>& bins,
                   bool if_judged, Number number) {
  out += fmt::format(",\"{}\":[", key);
  bool first = true;
  for (const Bin& bin : bins) {
    if (!first) out += ',';
    first = false;
    const double one = number(bin);
    if ((if_judged && !bin.judged) || !std::isfinite(one))
      out += "null";
    else
      append_short(out, one);
  }
  out += ']';
}

// Times as milliseconds since the one before.
void append_times(std::string& out, const std::vector<Bin>& bins) {
  out += ",\"from\":[";
  for (size_t i = 0; i < bins.size(); ++i)
    fmt::format_to(std::back_inserter(out), "{}{}", i == 0 ? "" : ",",
                   bins[i].from.ms - (i == 0 ? 0 : bins[i - 1].from.ms));
  out += "],\"span\":[";
  for (size_t i = 0; i < bins.size(); ++i)
    fmt::format_to(std::back_inserter(out), "{}{}", i == 0 ? "" : ",",
                   bins[i].to.ms - bins[i].from.ms);
  out += ']';
}

std::string script_safe(std::string text) {
  for (size_t at = 0; (at = text.find('<', at)) != std::string::npos; at += 6)
    text.replace(at, 1, "\\u003c");
  return text;
}

}  // namespace

void DetectChart::add(TimeMs time, double value, const DetectAnswer& answer) {
  using Kind = DetectAnswer::Kind;
  if (answer.kind == Kind::kGap || answer.kind == Kind::kLate) return;
  Bin row;
  row.from = row.to = time;
  row.low = row.high = value;
  row.judged = answer.kind == Kind::kJudged;
  row.expected = answer.expected, row.lower = answer.lower, row.upper = answer.upper;
  row.score = answer.score;
  row.violation = answer.violation;
  add_violation(time, value, answer);
  if (!bins_.empty() && rows_in_last_ < rows_per_bin_) {
    take_in(bins_.back(), row);
    ++rows_in_last_;
    return;
  }
  if (bins_.size() == bins_max_) join_neighbours();
  bins_.push_back(row);
  rows_in_last_ = 1;
}

// Called when all bins are full, so that joined ones are too.
void DetectChart::join_neighbours() {
  size_t kept = 0;
  for (size_t i = 0; i < bins_.size(); i += 2) {
    bins_[kept] = bins_[i];
    if (i + 1 < bins_.size()) take_in(bins_[kept], bins_[i + 1]);
    ++kept;
  }
  bins_.resize(kept);
  rows_per_bin_ *= 2;
}

void DetectChart::add_violation(TimeMs time, double value, const DetectAnswer& answer) {
  if (!answer.violation) {
    open_ = false;
    return;
  }
  if (answer.opened) {
    open_ = violations_.size() < kViolationsMax;
    if (open_) violations_.push_back({time, time, answer.score, value});
  }
  if (!open_) return;
  Violation& now = violations_.back();
  now.to = time;
  if (answer.score > now.score) now.score = answer.score, now.value = value;
}

std::string DetectChart::json(std::string_view name, const Detector::Counts& counts) const {
  JsonWriter head;
  head.begin_object().member("name", name).member("rows_per_bin", rows_per_bin_);
  head.member("judged", counts.judged).member("learning", counts.learning);
  head.member("gaps", counts.gaps).member("late", counts.late);
  head.member("violation_count", counts.violations);
  head.key("violations").begin_array();
  for (const Violation& one : violations_)
    head.begin_array()
        .integer(one.from.ms)
        .integer(one.to.ms)
        .number(one.score)
        .number(one.value)
        .end_array();
  head.end_array().end_object();
  std::string out = head.take();
  out.pop_back();
  append_times(out, bins_);
  append_column(out, "low", bins_, false, [](const Bin& bin) { return bin.low; });
  append_column(out, "high", bins_, false, [](const Bin& bin) { return bin.high; });
  append_column(out, "expected", bins_, true, [](const Bin& bin) { return bin.expected; });
  append_column(out, "lower", bins_, true, [](const Bin& bin) { return bin.lower; });
  append_column(out, "upper", bins_, true, [](const Bin& bin) { return bin.upper; });
  append_column(out, "score", bins_, false, [](const Bin& bin) { return bin.score; });
  append_column(out, "violation", bins_, false, [](const Bin& bin) { return bin.violation; });
  return script_safe(out + '}');
}

}  // namespace tocsin::replay
