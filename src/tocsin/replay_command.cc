// `tocsin replay`: what a configuration would have told, over what is kept. Reads the data folder
// and writes nothing there; a server may have it open.

#include <fmt/format.h>
#include <sys/resource.h>

#include <filesystem>

#include "base/text.h"
#include "replay/replay.h"
#include "store/read_only_store.h"
#include "tocsin/commands.h"
#include "tocsin/progress.h"
#include "tocsin/replay_parts.h"

namespace tocsin {
namespace {

Result<TimeMs> time_of(const std::string& text, TimeMs now, TimeMs standard) {
  if (text.empty()) return standard;
  if (const auto span = parse_duration(text)) return now - *span;
  if (const auto time = parse_time(text)) return *time;
  return fail(ErrorCode::kInvalid, fmt::format("cannot read \"{}\" as a time: expected ISO 8601, "
                                               "unix seconds, or a span ago such as 7d",
                                               text));
}

// RocksDB keeps every file open, so that none goes while it is read.
void allow_many_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

Result<void> open_store(const std::string& data, ReplayParts& out) {
  if (!std::filesystem::exists(data + "/points"))
    return fail(ErrorCode::kInvalid,
                fmt::format("there are no points in {}; --data says where they "
                            "are kept",
                            data));
  allow_many_files();
  out.directory = data + "/points";
  auto store = ReadOnlyStore::open(out.directory, out.disk, out.table, out.counters);
  if (!store)
    return fail(store.error().code, fmt::format("cannot read {}: {}", data, store.error().message));
  out.store = std::move(*store);
  return {};
}

Result<replay::Plan> plan_of(const ReplayOptions& options, const Configuration& configuration,
                             TimeMs now) {
  auto to = time_of(options.to, now, now);
  if (!to) return fail(to.error());
  auto from = time_of(options.from, now, *to - days(7));
  if (!from) return fail(from.error());
  return replay_plan(configuration, *from, *to);
}

Result<replay::Report> run_history(const replay::Plan& whole, ReplayParts& parts) {
  if (auto there = replay::known({&whole}, parts.narrow); !there) return fail(there.error());
  if (auto done = parts.store->load_tail(); !done) return fail(done.error());
  const replay::Plan plan = replay::narrowed(whole, parts.narrow);
  const auto wanted = [&](const Labels& series) {
    return replay::wanted(plan, parts.narrow, series);
  };
  StoreSource source(*parts.store, wanted, parts.table);
  Progress progress(terminal_print());
  progress.begin("replaying", 1000);
  auto report = replay::run(plan, source, parts.counters, [&](double share) {
    progress.advance(static_cast<uint64_t>(share * 1000));
    return true;
  });
  progress.end();
  return report;
}

}  // namespace

replay::Plan replay_plan(const Configuration& configuration, TimeMs from, TimeMs to) {
  replay::Plan plan;
  plan.workers = configuration.workers;
  plan.rules = configuration.rules;
  plan.worker_names = configuration.worker_names();
  plan.supervisor = configuration.supervisor;
  plan.routes = configuration.routes;
  plan.from = from;
  plan.to = to;
  plan.warm_up_from = from - days(35);
  return plan;
}

StoreSource::StoreSource(const ReadOnlyStore& store,
                         const std::function<bool(const Labels&)>& wanted, const SeriesTable& table)
    : store_(store) {
  for (uint32_t i = 0; i < table.size(); ++i) {
    const SeriesRef ref{i};
    if (!table.known(ref)) continue;
    // Derived series are made anew by the workers.
    if (table.labels(ref).name().find(':') != std::string_view::npos) continue;
    if (!wanted(table.labels(ref))) continue;
    refs_.push_back(ref);
    labels_.push_back(table.labels(ref));
  }
}

Result<void> StoreSource::points(size_t series, TimeMs from, TimeMs to, std::vector<Sample>& out) {
  auto read = store_.points(refs_[series], from, to - milliseconds(1));
  if (!read) return fail(read.error());
  out.insert(out.end(), read->begin(), read->end());
  return {};
}

int run_replay(const ReplayOptions& options) {
  auto configuration = Configuration::load(options.config);
  if (!configuration) return failed(configuration.error());
  ReplayParts parts;
  const std::string data = options.data.empty() ? (*configuration)->settings.data : options.data;
  if (auto done = open_store(data, parts); !done) return failed(done.error());
  auto plan = plan_of(options, **configuration, parts.clock.now());
  if (!plan) return failed(plan.error());
  parts.narrow = {options.site, options.worker, options.rules};
  if (!options.against.empty()) return run_comparison(options, **configuration, data, *plan, parts);
  if (!options.site.empty()) {
    parts.all_series = false;
    const auto site = LabelMatcher::make((*configuration)->workers->site_label(),
                                         LabelMatcher::Op::kEqual, options.site);
    parts.only = *SeriesSelector::make("", {*site});
  }
  const int64_t began = parts.clock.monotonic_ns();
  auto report = options.as_received
                    ? run_as_received(*plan, options.from.empty(), **configuration, parts)
                    : run_history(*plan, parts);
  if (!report) return failed(report.error());
  const double seconds_taken = static_cast<double>(parts.clock.monotonic_ns() - began) / 1e9;
  if (options.json)
    print_replay_json(*report);
  else
    print_replay(*report, *plan, seconds_taken);
  return 0;
}

}  // namespace tocsin
