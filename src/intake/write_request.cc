#include "intake/write_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "intake/influx_answer.h"

namespace tocsin::intake {
namespace {

constexpr size_t kLineTextBytesMax = 200;
constexpr size_t kPointBytes = 69;  // a usual line: how many rows to make room for
constexpr TimeMs kYear2000{946'684'800'000};
constexpr std::string_view kImportParameter = "import";
constexpr std::string_view kCannotAdd = "cannot add a series for";

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return 400;
    case ErrorCode::kExhausted:
    case ErrorCode::kUnavailable:
      return 503;
    case ErrorCode::kRefused:
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

std::string_view protocol_of(Intake::Dialect dialect) {
  return dialect == Intake::Dialect::kV1 ? "influx v1" : "influx v2";
}

std::string_view plural(uint64_t n) { return n == 1 ? "" : "s"; }

void reserve(Batch& batch, size_t rows) {
  batch.series.reserve(rows);
  batch.time.reserve(rows);
  batch.value.reserve(rows);
}

}  // namespace

WriteRequest::WriteRequest(Intake& intake, std::shared_ptr<const IntakeLimits> limits,
                           Intake::Dialect dialect, wire::TimePrecision precision,
                           net::Request&& request, net::Respond respond)
    : intake_(intake),
      shared_(intake.shared_),
      limits_(std::move(limits)),
      dialect_(dialect),
      request_(std::move(request)),
      respond_(std::move(respond)),
      scanner_(request_.body, precision, limits_->lines),
      arrival_(shared_.clock.now()),
      sender_(shared_.senders.seen(protocol_of(dialect), request_.headers.get("User-Agent"),
                                   request_.remote_address, arrival_)),
      sender_name_(sender_name(request_.headers.get("User-Agent"), request_.remote_address)) {}

// The sink may answer from inside submit(); then the loop here goes on instead of the stack.
void WriteRequest::run() {
  again_ = true;
  if (running_) return;
  running_ = true;
  while (again_) {
    again_ = false;
    step();
  }
  running_ = false;
}

void WriteRequest::step() {
  fill_batch();
  if (batch_.empty()) return finish();
  look_at_times();
  shared_.senders.sample(batch_, arrival_);
  submit();
}

void WriteRequest::fill_batch() {
  batch_ = Batch{};
  if (read_) return;
  batch_.sender = sender_;
  batch_.sender_name = sender_name_;
  batch_.kind =
      request_.query.get(kImportParameter) == "true" ? BatchKind::kImport : BatchKind::kLive;
  const size_t rows_max = limits_->batch_points_max;
  reserve(batch_, std::min(rows_max, scanner_.bytes_left() / kPointBytes + 8));
  intake_.resolver_.begin_batch(limits_->lines);
  while (batch_.size() < rows_max) {
    const Resolver& resolver = intake_.resolver_;
    const auto found = scanner_.next(resolver.expected(), resolver.expected_key_bytes());
    if (found == wire::LineScanner::Step::kLine) [[likely]] {
      take_line();
    } else if (found == wire::LineScanner::Step::kError) {
      const auto fault = static_cast<size_t>(scanner_.error().fault);
      refuse_line(scanner_.error(), *shared_.counters.rejected[fault], "unable to parse");
    } else {
      read_ = true;
      break;
    }
  }
  intake_.publish_resolver_counts();
}

void WriteRequest::take_line() {
  const wire::Line& line = scanner_.line();
  const size_t rows = batch_.size();
  const TimeMs time = line.has_time ? line.time : arrival_;
  Resolver& resolver = intake_.resolver_;
  switch (resolver.resolve(line, time, batch_)) {
    case Resolver::Answer::kOk:
      ++lines_kept_;
      strings_ += line.fields.size() - (batch_.size() - rows);
      return;
    case Resolver::Answer::kBadLine: {
      const auto fault = static_cast<size_t>(resolver.error().fault);
      return refuse_line(resolver.error(), *shared_.counters.rejected[fault], "unable to parse");
    }
    case Resolver::Answer::kPart:
      ++lines_kept_;
      ++lines_in_part_;
      [[fallthrough]];
    case Resolver::Answer::kRefused:
      return refuse_line(resolver.error(), shared_.counters.rejected_series, kCannotAdd);
  }
}

void WriteRequest::refuse_line(const wire::LineError& error, Counter& counter,
                               std::string_view what) {
  counter.add();
  if (++lines_refused_ > 1) return;
  first_refused_line_ = scanner_.line_number();
  first_refusal_ = fmt::format("{} '{}': {} (line {}, column {})", what,
                               cut_text(scanner_.line_text(), kLineTextBytesMax), error.why,
                               first_refused_line_, error.column);
}

void WriteRequest::look_at_times() {
  if (batch_.kind == BatchKind::kImport) return;
  const TimeMs future = arrival_ + limits_->future_after;
  const TimeMs stale = arrival_ - limits_->stale_after;
  uint64_t ahead = 0;
  uint64_t behind = 0;
  TimeMs oldest = arrival_;
  for (const TimeMs time : batch_.time) {
    ahead += time > future ? 1 : 0;
    behind += time < stale ? 1 : 0;
    oldest = std::min(oldest, time);
  }
  if (ahead > 0) shared_.counters.future.add(ahead);
  if (behind > 0) shared_.counters.stale.add(behind);
  if (oldest < kYear2000 && arrival_ > kYear2000)
    shared_.senders.error(sender_, arrival_,
                          fmt::format("kept, but a point has the time {}: does the request's "
                                      "precision (ns unless given) fit its timestamps?",
                                      to_iso(oldest)));
}

void WriteRequest::submit() {
  fresh_.clear();
  for (const NewSeries& series : batch_.fresh) fresh_.push_back(series.ref);
  const size_t points = batch_.size();
  if (batch_.kind == BatchKind::kImport) shared_.counters.imported.add(points);
  intake_.in_flight_points_ += points;
  intake_.sink_.submit(std::move(batch_), [self = shared_from_this(), points](Result<Lsn> kept) {
    self->submitted(points, std::move(kept));
  });
}

void WriteRequest::submitted(size_t points, Result<Lsn> kept) {
  intake_.in_flight_points_ -= points;
  if (!kept) return finish_with_error(kept.error());
  for (const SeriesRef series : fresh_) shared_.announced.mark(series);
  points_kept_ += points;
  (dialect_ == Intake::Dialect::kV1 ? shared_.counters.points_v1 : shared_.counters.points_v2)
      .add(points);
  run();
}

void WriteRequest::note_strings() {
  if (strings_ == 0) return;
  shared_.counters.strings.add(strings_);
  if (points_kept_ == 0 && lines_refused_ == 0)
    shared_.senders.error(
        sender_, arrival_,
        fmt::format("nothing to keep: {} text field{} and no number", strings_, plural(strings_)));
}

void WriteRequest::finish() {
  note_strings();
  shared_.senders.count(sender_, arrival_, points_kept_, lines_refused_);
  const bool v1 = dialect_ == Intake::Dialect::kV1;
  if (lines_refused_ > 0) {
    const std::string text = refusal_text();
    shared_.senders.error(sender_, arrival_, text);
    return answer(v1 ? influx_v1_error(400, text)
                     : influx_v2_error(400, text, first_refused_line_));
  }
  net::Response response = net::Response::empty(204);
  if (v1) response.headers.add("X-Influxdb-Version", std::string(kInfluxVersion));
  answer(std::move(response));
}

// The words that Telegraf looks for are "partial write" and "unable to parse"; it then drops the
// batch instead of sending it for ever. InfluxDB says "partial write" of every limit of series.
std::string WriteRequest::refusal_text() const {
  const bool partial = lines_kept_ > 0 || first_refusal_.starts_with(kCannotAdd);
  const uint64_t others = lines_refused_ - 1;
  std::string more;
  if (others > 0) more = fmt::format("; {} more line{} refused", others, plural(others));
  std::string part;
  if (lines_in_part_ > 0) part = fmt::format(" ({} in part)", lines_in_part_);
  return fmt::format("{}{}{}; {} line{} kept{} dropped={}", partial ? "partial write: " : "",
                     first_refusal_, more, lines_kept_, plural(lines_kept_), part, lines_refused_);
}

void WriteRequest::finish_with_error(const Error& error) {
  shared_.counters.refused_sink.add();
  shared_.senders.count(sender_, arrival_, points_kept_, lines_refused_);
  shared_.senders.error(sender_, arrival_, error.message);
  const int status = status_of(error.code);
  net::Response response = dialect_ == Intake::Dialect::kV1
                               ? influx_v1_error(status, error.message)
                               : influx_v2_error(status, error.message);
  if (status == 503)
    response.headers.add("Retry-After", fmt::format("{}", limits_->retry_after.count / 1000));
  answer(std::move(response));
}

void WriteRequest::answer(net::Response response) {
  const net::Respond respond = std::move(respond_);
  respond(std::move(response));
}

}  // namespace tocsin::intake
