#include "intake/write_handlers.h"

#include <fmt/format.h>

#include <memory>

#include "base/check.h"
#include "base/text.h"
#include "intake/influx_answer.h"
#include "intake/write_request.h"

namespace tocsin::intake {
namespace {

constexpr const char* kReceivedHelp = "Points kept";
constexpr const char* kRejectedHelp = "Lines refused; the other lines of their request were kept";
constexpr const char* kRefusedHelp = "Write requests refused as a whole; the sender tries again";
constexpr const char* kSeriesHelp =
    "Rows whose series was found by guessing what follows, by hash, or is new to a loop";

std::string rejected_label(std::string_view reason) { return fmt::format("reason=\"{}\"", reason); }

}  // namespace

IntakeCounters::IntakeCounters(Counters& counters)
    : points_v1(counters.counter("tocsin_points_received_total", "protocol=\"influx v1\"",
                                 kReceivedHelp)),
      points_v2(counters.counter("tocsin_points_received_total", "protocol=\"influx v2\"",
                                 kReceivedHelp)),
      rejected_series(
          counters.counter("tocsin_lines_rejected_total", rejected_label("series"), kRejectedHelp)),
      strings(counters.counter("tocsin_fields_skipped_total", "type=\"string\"",
                               "Fields that are no numbers, left out of good lines")),
      future(counters.counter("tocsin_points_future_total", "",
                              "Points kept with a time ahead of their arrival")),
      stale(counters.counter("tocsin_points_stale_total", "",
                             "Points kept with a time long before their arrival")),
      imported(counters.counter("tocsin_points_imported_total", "",
                                "Points of requests marked as history")),
      refused_limit(counters.counter("tocsin_writes_refused_total", rejected_label("in_flight"),
                                     kRefusedHelp)),
      refused_sink(counters.counter("tocsin_writes_refused_total", rejected_label("not_kept"),
                                    kRefusedHelp)),
      guessed(counters.counter("tocsin_rows_resolved_total", "by=\"guess\"", kSeriesHelp)),
      hashed(counters.counter("tocsin_rows_resolved_total", "by=\"hash\"", kSeriesHelp)),
      added(counters.counter("tocsin_rows_resolved_total", "by=\"labels\"", kSeriesHelp)),
      dropped(counters.counter("tocsin_resolver_dropped_total", "",
                               "Times a loop forgot its known lines because they were too many")) {
  for (size_t i = 0; i < wire::kLineFaults; ++i)
    rejected[i] =
        &counters.counter("tocsin_lines_rejected_total",
                          rejected_label(to_text(static_cast<wire::LineFault>(i))), kRejectedHelp);
}

Intake::Intake(const IntakeShared& shared, BatchSink& sink)
    : shared_(shared),
      sink_(sink),
      resolver_(shared.table, shared.announced, shared.shards, shared.limits.get()->lines,
                shared.limits.get()->resolver) {}

Intake::~Intake() {
  TOCSIN_CHECK(in_flight_points_ == 0, "{} points wait for their answer", in_flight_points_);
}

void Intake::write(Dialect dialect, net::Request&& request, net::Respond respond) {
  const bool v1 = dialect == Dialect::kV1;
  const std::string_view precision_text = request.query.get("precision");
  const auto precision = wire::parse_precision(precision_text);
  const bool minutes =
      precision == wire::TimePrecision::kMinutes || precision == wire::TimePrecision::kHours;
  if (!precision || (!v1 && minutes)) {
    const std::string text =
        fmt::format("invalid precision \"{}\" ({})", cut_text(precision_text, 20),
                    v1 ? "use n, u, ms, s, m or h" : "use ns, us, ms or s");
    return respond(v1 ? influx_v1_error(400, text) : influx_v2_error(400, text));
  }
  auto limits = shared_.limits.get();
  if (in_flight_points_ >= limits->in_flight_points_max) {
    shared_.counters.refused_limit.add();
    const std::string text =
        fmt::format("cannot take more points now: {} wait to be kept; send this batch again",
                    in_flight_points_);
    // Telegraf's v1 output drops a batch on any 4xx; its v2 output waits on 429.
    net::Response response = v1 ? influx_v1_error(503, text) : influx_v2_error(429, text);
    response.headers.add("Retry-After", fmt::format("{}", limits->retry_after.count / 1000));
    return respond(std::move(response));
  }
  std::make_shared<WriteRequest>(*this, std::move(limits), dialect, *precision, std::move(request),
                                 std::move(respond))
      ->run();
}

void Intake::publish_resolver_counts() {
  const Resolver::Counts now = resolver_.counts();
  shared_.counters.guessed.add(now.guessed - published_.guessed);
  shared_.counters.hashed.add(now.hashed - published_.hashed);
  shared_.counters.added.add(now.added - published_.added);
  shared_.counters.dropped.add(now.dropped - published_.dropped);
  published_ = now;
}

}  // namespace tocsin::intake
