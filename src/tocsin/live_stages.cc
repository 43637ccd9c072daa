#include "tocsin/live_stages.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "server/reply.h"
#include "supervisor/archive.h"

namespace tocsin {
namespace {

constexpr DurationMs kEvery = seconds(10);
constexpr double kFillMax = 0.95;

Stage* find(std::vector<Stage>& stages, std::string_view name) {
  const auto found = std::find_if(stages.begin(), stages.end(),
                                  [&](const Stage& stage) { return stage.name == name; });
  return found == stages.end() ? nullptr : &*found;
}

}  // namespace

LiveStages::LiveStages(Live& live)
    : live_(live),
      watch_([this] { return look(); }, live.series(), live.store().shards(),
             [this](Batch batch) {
               Journal& journal = live_.store().journal();
               if (journal.fill() > kFillMax) return;  // senders need what room there is
               if (auto frame = journal.append(std::move(batch)); !frame)
                 log::debug("the stages' points were not kept: {}", frame.error().text());
             }) {}

std::vector<Stage> LiveStages::look() {
  std::vector<Stage> out = counted_stages(live_.counters());
  if (Stage* journal = find(out, "journal")) journal->full = live_.store().journal().fill();
  const Lsn last = live_.store().journal().last();
  std::vector<Stage> shards;
  for (size_t i = 0; i < live_.shards().size(); ++i) {
    const uint64_t applied = live_.shards()[i]->applied().value;
    Stage shard;
    shard.name = fmt::format("shard {}", i);
    shard.doc = "heads and models: every point is tested";
    shard.lag = static_cast<double>(last.value - std::min(last.value, applied));
    shards.push_back(std::move(shard));
  }
  const auto after = std::find_if(out.begin(), out.end(),
                                  [](const Stage& stage) { return stage.name == "chunks"; });
  out.insert(after, shards.begin(), shards.end());
  if (const auto unfinished = supervisor::count_unfinished(live_.reader())) {
    Stage outbox;
    outbox.name = "outbox";
    outbox.doc = "deliveries that wait or are tried again";
    outbox.limit = "past 100,000 in memory the rest waits in its table";
    outbox.waiting = static_cast<double>(unfinished->pending);
    outbox.full = std::min(1.0, static_cast<double>(unfinished->pending) / 100'000);
    outbox.failed =
        live_.counters().counter("tocsin_deliveries_total", "result=\"given up\"", "").value();
    out.push_back(std::move(outbox));
  }
  return out;
}

void LiveStages::start() {
  live_.background().every(kEvery, [this] { watch_.tick(live_.clock().now()); });
}

void LiveStages::add_to(net::Router& router) {
  router.add("GET", "/api/stages", [this](net::Request&&, net::Respond respond) {
    live_.background().post([this, respond = std::move(respond)] {
      JsonWriter json;
      json.begin_object().key("stages").begin_array();
      for (const Stage& stage : look()) write_stage(json, stage);
      json.end_array().end_object();
      respond(server::json_response(json));
    });
  });
}

}  // namespace tocsin
