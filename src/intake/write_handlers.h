#pragma once
// Points in by HTTP: InfluxDB's write API in both versions, and the few other answers its clients
// ask for before they write. docs/line-protocol.md is the user's side of it.

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/counters.h"
#include "intake/announced_series.h"
#include "intake/limits.h"
#include "intake/resolver.h"
#include "intake/senders.h"
#include "intake/sink.h"
#include "net/http.h"
#include "net/router.h"
#include "wire/line_protocol.h"

namespace tocsin::intake {

struct IntakeCounters {
  explicit IntakeCounters(Counters& counters);
  Counter &points_v1, &points_v2;  // kept
  std::array<Counter*, wire::kLineFaults> rejected;
  Counter& rejected_series;  // the table of series is full
  Counter &strings, &future, &stale, &imported;
  Counter &refused_limit, &refused_sink;  // whole requests
  Counter &guessed, &hashed, &added, &dropped;
};

// What all loops share. Everything referred to outlives it.
struct IntakeShared {
  SeriesTable& table;
  AnnouncedSeries& announced;
  SenderTable& senders;
  IntakeCounters& counters;
  const Clock& clock;
  uint32_t shards = 1;
  CurrentLimits limits;
  std::string version = "0.1.0";
};

// One loop's half of the intake: its resolver and what it has in flight. Used only on that loop;
// lives until every request handed to it was answered. A long body is handed over in batches, the
// next when the one before is kept, so that it neither holds the loop nor fills memory.
class Intake {
 public:
  Intake(const IntakeShared& shared, BatchSink& sink);
  ~Intake();

  enum class Dialect : uint8_t { kV1, kV2 };
  void write(Dialect dialect, net::Request&& request, net::Respond respond);

  const Resolver& resolver() const { return resolver_; }
  size_t in_flight_points() const { return in_flight_points_; }

 private:
  friend class WriteRequest;
  void publish_resolver_counts();

  const IntakeShared& shared_;
  BatchSink& sink_;
  Resolver resolver_;
  Resolver::Counts published_;
  size_t in_flight_points_ = 0;
};

// POST /write, POST /api/v2/write, GET /ping, /health, GET|POST /query, GET /api/v2/buckets.
// `here` gives the Intake of the loop that the handler runs on.
void register_write_routes(net::Router& router, const IntakeShared& shared,
                           std::function<Intake&()> here);

}  // namespace tocsin::intake
