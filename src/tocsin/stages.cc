#include "tocsin/stages.h"

#include <initializer_list>

#include "base/json_writer.h"

namespace tocsin {

StageWatch::StageWatch(Look look, SeriesTable& table, uint32_t shards, Offer offer)
    : look_(std::move(look)), table_(table), shards_(shards), offer_(std::move(offer)) {}

void StageWatch::add(Batch& batch, std::string_view what, const Stage& stage, double value,
                     TimeMs now) {
  const Labels labels = Labels::of(what, {{"stage", stage.name}});
  const auto added = table_.find_or_add(labels, static_cast<uint32_t>(labels.hash() % shards_));
  if (!added) return;  // the table holds no more
  batch.fresh.push_back({added->ref, labels});
  batch.add(added->ref, now, value);
}

void StageWatch::tick(TimeMs now) {
  const bool first = before_.empty();
  Batch batch;
  for (const Stage& stage : look_()) {
    auto& [refused, failed] = before_[stage.name];
    const auto grown = [first](uint64_t& before, uint64_t value) {
      const uint64_t more = first || value < before ? 0 : value - before;
      before = value;
      return static_cast<double>(more);
    };
    if (stage.lag) add(batch, "tocsin_stage_lag", stage, *stage.lag, now);
    if (stage.full) add(batch, "tocsin_stage_full", stage, *stage.full, now);
    if (stage.refused)
      add(batch, "tocsin_stage_refused", stage, grown(refused, *stage.refused), now);
    if (stage.failed) add(batch, "tocsin_stage_failed", stage, grown(failed, *stage.failed), now);
  }
  if (!batch.empty()) offer_(std::move(batch));
}

namespace {

struct Counted {
  std::string_view name, doc, limit;
  std::initializer_list<std::string_view> refused, failed;
};

// In the order of the flow.
const Counted kCounted[] = {
    {"net",
     "connections and requests",
     "past the limit of connections or bytes a request gets 503 or 413",
     {"tocsin_http_refused_total"},
     {}},
    {"intake",
     "points in",
     "a batch that finds no room gets 503 with Retry-After; the sender sends it again",
     {"tocsin_writes_refused_total", "tocsin_series_refused_total"},
     {}},
    {"journal",
     "every batch on disk before its answer",
     "a full journal turns writes away with 503 until chunks are flushed",
     {"tocsin_journal_refused_total"},
     {"tocsin_journal_disk_failures_total"}},
    {"chunks",
     "sealed chunks into the store",
     "",
     {},
     {"tocsin_chunks_write_failures_total", "tocsin_chunks_damaged_total"}},
    {"queries",
     "PromQL and reads of pages",
     "past the limit a question gets 503",
     {"tocsin_queries_refused_total"},
     {"tocsin_queries_timed_out_total"}},
    {"prometheus rules",
     "rule files of Prometheus",
     "an evaluation that comes too late is left out and counted",
     {"tocsin_prometheus_rule_missed_total"},
     {"tocsin_prometheus_rule_failures_total"}},
    {"alerts",
     "an alert's life",
     "past supervisor.open_alerts_max an opening is refused, and an alert says so",
     {"tocsin_alerts_refused_total"},
     {}},
    {"state",
     "alerts, history and deliveries into SQL",
     "nobody is told before it is written; what waits is written first when the disk takes it "
     "again",
     {},
     {"tocsin_state_commit_failures_total", "tocsin_sql_errors_total"}},
    {"outbound",
     "requests to receivers",
     "past the limit a request waits for its turn",
     {"tocsin_outbound_refused_total"},
     {}},
    {"stream",
     "live pages",
     "a reader too slow loses its stream and asks again",
     {"tocsin_stream_refused_total"},
     {"tocsin_stream_events_lost_total"}},
};

uint64_t sum(const Counters& counters, std::initializer_list<std::string_view> names) {
  uint64_t out = 0;
  for (const std::string_view name : names) out += counters.total(name);
  return out;
}

}  // namespace

std::vector<Stage> counted_stages(const Counters& counters) {
  std::vector<Stage> out;
  for (const Counted& one : kCounted) {
    Stage stage;
    stage.name = one.name;
    stage.doc = one.doc;
    stage.limit = one.limit;
    if (one.refused.size() > 0) stage.refused = sum(counters, one.refused);
    if (one.failed.size() > 0) stage.failed = sum(counters, one.failed);
    out.push_back(std::move(stage));
  }
  return out;
}

void write_stage(JsonWriter& json, const Stage& stage) {
  const auto number = [&](std::string_view key, const std::optional<double>& value) {
    json.key(key);
    value ? json.number(*value) : json.null();
  };
  const auto count = [&](std::string_view key, const std::optional<uint64_t>& value) {
    json.key(key);
    value ? json.integer(static_cast<int64_t>(*value)) : json.null();
  };
  json.begin_object();
  json.key("stage").string(stage.name);
  json.key("doc").string(stage.doc);
  json.key("limit").string(stage.limit);
  number("lag", stage.lag);
  number("waiting", stage.waiting);
  number("full", stage.full);
  count("refused", stage.refused);
  count("failed", stage.failed);
  json.end_object();
}

}  // namespace tocsin
