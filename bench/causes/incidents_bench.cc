// Which service a method names first, on injected faults whose service is known.
//   ./dev bench causes, or bench/causes/prepare.py FOLDER | bin/incidents_bench
// All methods see the same points: two hours before the injection, five minutes from it on.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>

#include "change_point.h"
#include "query/cause_ranking.h"

namespace tocsin::bench {
namespace {

constexpr DurationMs kBefore = hours(2);
constexpr DurationMs kDuring = minutes(5);
constexpr double kRunLength = 50;  // BARO's hazard: a change in 50 points

struct Series {
  Labels labels;
  std::vector<Sample> samples;
};
struct Case {
  std::string day, service, kind;
  TimeMs at;
  std::string system() const { return day < "2023" ? "Online Boutique" : "Train Ticket"; }
};
struct Data {
  std::map<std::string, std::vector<Series>> days;
  std::vector<Case> cases;
};

TimeMs from_seconds(const std::string& text) { return TimeMs{std::stoll(text) * 1000}; }

Data read(std::istream& in) {
  Data out;
  std::vector<Series>* day = nullptr;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string first, a, b, c, d;
    words >> first >> a >> b >> c >> d;
    if (first == "case") {
      out.cases.push_back({a, c, d, from_seconds(b)});
    } else if (first == "series") {
      day = &out.days[a];
      std::vector<Labels::Pair> labels{{"service", b}};
      if (d != "-") labels.emplace_back("from", d);
      day->push_back({Labels::of(c, labels), {}});
    } else if (day != nullptr) {
      day->back().samples.push_back({from_seconds(first), std::stod(a)});
    }
  }
  return out;
}

using Names = std::vector<std::string>;

Names by_tocsin(const std::vector<Series>& day, TimeMs at) {
  query::CauseScorer scorer({at - kBefore, at, at + kDuring});
  std::vector<query::ScoredSeries> scored;
  for (const Series& series : day)
    if (const auto unusual = scorer.score(series.samples, false))
      scored.push_back({&series.labels, static_cast<uint32_t>(scored.size()), *unusual});
  query::CauseQuestion question;
  question.reference = at + kDuring;
  question.groups_max = 100;
  question.group_labels = query::standard_group_labels();
  Names out;
  for (const query::CauseGroup& group : query::rank_causes(scored, question).groups)
    out.push_back(group.value);
  return out;
}

double between(const std::vector<double>& sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<size_t>(place);
  return sorted[low] + (place - static_cast<double>(low)) *
                           (sorted[std::min(low + 1, sorted.size() - 1)] - sorted[low]);
}

// Largest |x - median| / IQR from `split` on; an IQR of zero counts as one, as RobustScaler has it.
Names by_robust_score(const std::vector<Series>& day, TimeMs from, TimeMs split, TimeMs to) {
  std::map<std::string, double> best;
  for (const Series& series : day) {
    std::vector<double> before;
    for (const Sample& sample : series.samples)
      if (sample.time >= from && sample.time < split) before.push_back(sample.value);
    if (before.size() < 2) continue;
    std::sort(before.begin(), before.end());
    double spread = between(before, 0.75) - between(before, 0.25);
    if (spread <= 0) spread = 1;
    double& score = best[std::string(series.labels.get("service"))];
    for (const Sample& sample : series.samples)
      if (sample.time >= split && sample.time <= to)
        score = std::max(score, std::fabs(sample.value - between(before, 0.5)) / spread);
  }
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [service, score] : best) order.emplace_back(-score, service);
  std::sort(order.begin(), order.end());
  Names out;
  for (const auto& [score, service] : order) out.push_back(service);
  return out;
}

// The latencies of all services side by side, each from 0 to 1; gaps keep the value before.
std::vector<std::vector<double>> latencies(const std::vector<Series>& day, TimeMs from, TimeMs to) {
  const auto minutes_count = static_cast<size_t>((to - from).count / 60'000);
  std::vector<std::vector<double>> rows(minutes_count);
  for (const Series& series : day) {
    if (series.labels.name() != "PodServerLatencyP90(s)") continue;
    double low = INFINITY, high = -INFINITY;
    for (const Sample& sample : series.samples)
      if (sample.time >= from && sample.time <= to) {
        low = std::min(low, sample.value);
        high = std::max(high, sample.value);
      }
    if (high <= low) continue;
    size_t at = 0;
    double value = low;
    for (size_t i = 0; i < minutes_count; ++i) {
      const TimeMs until = from + minutes(static_cast<int64_t>(i) + 1);
      for (; at < series.samples.size() && series.samples[at].time < until; ++at)
        if (series.samples[at].time >= from) value = series.samples[at].value;
      rows[i].push_back((value - low) / (high - low));
    }
  }
  return rows;
}

// The change point places the time, the robust scorer ranks. Of several points the last before or
// at most five minutes after the injection is taken (the earlier ones are earlier faults); without
// any within ten minutes before, the true time: the method is given the benefit of the doubt.
Names by_baro(const std::vector<Series>& day, TimeMs at) {
  const TimeMs from = at - hours(1), to = at + kDuring;
  TimeMs split = at;
  for (const size_t point : change_points(latencies(day, from, to), kRunLength)) {
    const TimeMs time = from + minutes(static_cast<int64_t>(point));
    if (time >= at - minutes(10)) split = std::min(time, to);
  }
  return by_robust_score(day, at - kBefore, split, to);
}

struct Tally {
  size_t cases = 0, first = 0, three = 0, five = 0;
  double sum_of_five = 0;
  void add(const Names& names, const std::string& service) {
    const auto at =
        static_cast<size_t>(std::find(names.begin(), names.end(), service) - names.begin());
    ++cases;
    first += at < 1;
    three += at < 3;
    five += at < 5;
    for (size_t k = 1; k <= 5; ++k) sum_of_five += at < k ? 0.2 : 0;
  }
  std::string text() const {
    const auto n = static_cast<double>(std::max<size_t>(cases, 1));
    return fmt::format("{:.1f} / {:.1f} / {:.1f}", 100 * static_cast<double>(first) / n,
                       100 * static_cast<double>(three) / n, 100 * sum_of_five / n);
  }
};

int run() {
  const Data data = read(std::cin);
  if (data.cases.empty()) {
    std::fputs("no cases: pipe the output of bench/causes/prepare.py FOLDER into this\n", stderr);
    return 1;
  }
  std::map<std::string, std::array<Tally, 3>> tallies;
  for (const Case& one : data.cases) {
    const std::vector<Series>& day = data.days.at(one.day);
    const Names names[] = {by_tocsin(day, one.at),
                           by_robust_score(day, one.at - kBefore, one.at, one.at + kDuring),
                           by_baro(day, one.at)};
    for (const std::string& row :
         {std::string("all"), one.system(), one.system() + ", " + one.kind})
      for (size_t m = 0; m < 3; ++m) tallies[row][m].add(names[m], one.service);
  }
  fmt::print(
      "| faults | cases | Tocsin | largest robust score | BARO's method |\n"
      "| --- | --- | --- | --- | --- |\n");
  for (const auto& [row, methods] : tallies)
    fmt::print("| {} | {} | {} | {} | {} |\n", row, methods[0].cases, methods[0].text(),
               methods[1].text(), methods[2].text());
  return 0;
}

}  // namespace
}  // namespace tocsin::bench

int main() { return tocsin::bench::run(); }
