// `tocsin replay`: what a configuration would have told, over what is kept.

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "base/json_writer.h"
#include "base/text.h"
#include "replay/replay.h"
#include "store/store.h"
#include "tocsin/commands.h"
#include "tocsin/progress.h"

namespace tocsin {
namespace {

// Series of a store that nobody else has open.
class StoreSource final : public replay::Source {
 public:
  StoreSource(Store& store, const SeriesSelector& wanted, SeriesTable& table) : store_(store) {
    for (uint32_t i = 0; i < table.size(); ++i) {
      const SeriesRef ref{i};
      if (!table.known(ref) || !wanted.matches(table.labels(ref))) continue;
      // Derived series are made anew by the workers.
      if (table.labels(ref).name().find(':') != std::string_view::npos) continue;
      refs_.push_back(ref);
      labels_.push_back(table.labels(ref));
    }
  }
  const std::vector<Labels>& series() const override { return labels_; }
  Result<void> points(size_t series, TimeMs from, TimeMs to, std::vector<Sample>& out) override {
    auto read = store_.points(refs_[series], from, to - milliseconds(1));
    if (!read) return fail(read.error());
    out.insert(out.end(), read->begin(), read->end());
    return {};
  }

 private:
  Store& store_;
  std::vector<SeriesRef> refs_;
  std::vector<Labels> labels_;
};

Result<TimeMs> time_of(const std::string& text, TimeMs now, TimeMs standard) {
  if (text.empty()) return standard;
  if (const auto span = parse_duration(text)) return now - *span;
  if (const auto time = parse_time(text)) return *time;
  return fail(ErrorCode::kInvalid, fmt::format("cannot read \"{}\" as a time: expected ISO 8601, "
                                               "unix seconds, or a span ago such as 7d",
                                               text));
}

void print_text(const replay::Report& report, const replay::Plan& plan, double seconds_taken) {
  std::printf(
      "%s points in %.1f s (%s/s)\n", human_number(static_cast<double>(report.points)).c_str(),
      seconds_taken,
      human_number(static_cast<double>(report.points) / std::max(seconds_taken, 1e-3)).c_str());
  uint64_t evidence = 0;
  for (const replay::ReplayedViolation& one : report.opened)
    evidence += one.violation.tier == Tier::kEvidence;
  std::printf("%llu violations%s\n", static_cast<unsigned long long>(report.violations),
              evidence > 0
                  ? fmt::format(", {} of them of evidence (--json lists them)", evidence).c_str()
                  : "");
  for (const replay::ReplayedViolation& one : report.opened) {
    if (one.violation.tier == Tier::kEvidence) continue;
    std::printf(
        "  %s  %-8s %-6s %s  score %.1f, %u points, worker %s\n",
        to_iso(one.violation.opened).c_str(),
        to_text(DurationMs{((one.violation.updated - one.violation.opened).count) / 1000 * 1000})
            .c_str(),
        std::string(to_text(one.violation.direction)).c_str(), one.series.text().c_str(),
        one.violation.worst.score, one.violation.points_outside, one.worker.c_str());
  }
  std::printf("\nThese rules would have told you %llu time%s between %s and %s%s\n",
              static_cast<unsigned long long>(report.told), report.told == 1 ? "" : "s",
              to_iso(plan.from).c_str(), to_iso(plan.to).c_str(), report.alerts.empty() ? "" : ":");
  for (const replay::ReplayedAlert& one : report.alerts) {
    const AlertView& alert = one.alert;
    std::printf(
        "  %s  %-8s %s %s%s\n      %s%s\n", to_iso(alert.opened_at).c_str(),
        std::string(to_text(alert.opened.severity)).c_str(), alert.opened.rule_id.c_str(),
        alert.opened.scope.text().c_str(), one.receivers.empty() ? " (covered: nobody told)" : "",
        alert.opened.summary.c_str(),
        alert.state == AlertState::kOpen
            ? "; still open"
            : fmt::format(
                  "; over after {}",
                  to_text(DurationMs{(alert.resolved_at - alert.opened_at).count / 1000 * 1000}))
                  .c_str());
  }
}

void print_json(const replay::Report& report) {
  JsonWriter json;
  json.begin_object().member("points", report.points).member("violations", report.violations);
  json.member("told", report.told).key("opened").begin_array();
  for (const replay::ReplayedViolation& one : report.opened)
    json.begin_object()
        .member("series", one.series.text())
        .member("worker", one.worker)
        .member("direction", to_text(one.violation.direction))
        .member("opened", one.violation.opened.ms)
        .member("updated", one.violation.updated.ms)
        .member("score", one.violation.worst.score)
        .member("points_outside", one.violation.points_outside)
        .end_object();
  json.end_array().key("alerts").begin_array();
  for (const replay::ReplayedAlert& one : report.alerts) {
    json.begin_object()
        .member("rule", one.alert.opened.rule_id)
        .member("severity", to_text(one.alert.opened.severity))
        .member("scope", one.alert.opened.scope.text())
        .member("title", one.alert.opened.summary)
        .member("opened_at", one.alert.opened_at.ms)
        .member("resolved_at", one.alert.resolved_at.ms)
        .member("covered", one.alert.covered_by.has_value())
        .key("receivers")
        .begin_array();
    for (const std::string& receiver : one.receivers) json.string(receiver);
    json.end_array().end_object();
  }
  json.end_array().end_object();
  std::puts(json.take().c_str());
}

struct Opened {
  PosixDisk disk;
  SystemClock clock;
  Counters counters;
  SeriesTable table{64'000'000};
  std::unique_ptr<Store> store;
};

Result<void> open_store(const std::string& data, Opened& out) {
  if (!std::filesystem::exists(data + "/points"))
    return fail(ErrorCode::kInvalid,
                fmt::format("there are no points in {}; --data says where they "
                            "are kept",
                            data));
  StoreOptions options;
  options.shards = 1;
  auto store = Store::open(data + "/points", options, out.disk, out.clock, out.table, out.counters);
  if (!store)
    return fail(
        store.error().code,
        fmt::format("cannot open {}: a running server keeps it to itself, or it is damaged; "
                    "stop the server, or replay a copy of the folder ({})",
                    data, store.error().message));
  out.store = std::move(*store);
  auto recovered = out.store->recover(Lsn{0}, [](const FramePtr&) {});
  if (!recovered) return fail(recovered.error());
  return {};
}

Result<replay::Plan> plan_of(const ReplayOptions& options, const Configuration& configuration,
                             TimeMs now) {
  replay::Plan plan;
  plan.workers = configuration.workers;
  plan.rules = configuration.rules;
  plan.worker_names = configuration.worker_names();
  plan.supervisor = configuration.supervisor;
  plan.routes = configuration.routes;
  auto to = time_of(options.to, now, now);
  if (!to) return fail(to.error());
  auto from = time_of(options.from, now, *to - days(7));
  if (!from) return fail(from.error());
  plan.from = *from;
  plan.to = *to;
  plan.warm_up_from = *from - days(35);
  return plan;
}

}  // namespace

int run_replay(const ReplayOptions& options) {
  auto configuration = Configuration::load(options.config);
  if (!configuration) return failed(configuration.error());
  Opened opened;
  const std::string data = options.data.empty() ? (*configuration)->settings.data : options.data;
  if (auto done = open_store(data, opened); !done) return failed(done.error());
  auto plan = plan_of(options, **configuration, opened.clock.now());
  if (!plan) return failed(plan.error());
  std::vector<LabelMatcher> matchers;
  if (!options.site.empty())
    matchers.push_back(*LabelMatcher::make((*configuration)->workers->site_label(),
                                           LabelMatcher::Op::kEqual, options.site));
  StoreSource source(*opened.store, *SeriesSelector::make("", matchers), opened.table);
  Progress progress(terminal_print());
  progress.begin("replaying", 1000);
  const int64_t began = opened.clock.monotonic_ns();
  auto report = replay::run(*plan, source, opened.counters, [&](double share) {
    progress.advance(static_cast<uint64_t>(share * 1000));
    return true;
  });
  progress.end();
  if (!report) return failed(report.error());
  if (options.json)
    print_json(*report);
  else
    print_text(*report, *plan, static_cast<double>(opened.clock.monotonic_ns() - began) / 1e9);
  return 0;
}

}  // namespace tocsin
