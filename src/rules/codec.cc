#include "rules/codec.h"

namespace tocsin::rules {
namespace {

void write_band(ByteWriter& out, const ModelBand& band) {
  out.varint(band.model);
  out.f32(band.weight);
  out.u8(band.outside);
  for (const double number : {band.expected, band.lower, band.upper}) out.f64(number);
}

ModelBand read_band(ByteReader& in) {
  ModelBand out;
  out.model = static_cast<uint16_t>(in.varint());
  out.weight = in.f32();
  out.outside = in.u8() != 0;
  out.expected = in.f64();
  out.lower = in.f64();
  out.upper = in.f64();
  return out;
}

void write_point(ByteWriter& out, const JudgedPoint& point) {
  write_time(out, point.time);
  for (const double number :
       {point.value, point.expected, point.lower, point.upper, point.score, point.distance})
    out.f64(number);
  out.u8(point.outside);
  out.varint(point.models.size());
  for (const ModelBand& band : point.models) write_band(out, band);
}

JudgedPoint read_point(ByteReader& in) {
  JudgedPoint out;
  out.time = read_time(in);
  for (double* number :
       {&out.value, &out.expected, &out.lower, &out.upper, &out.score, &out.distance})
    *number = in.f64();
  out.outside = in.u8() != 0;
  for (uint64_t left = read_count(in); left > 0 && in.ok(); --left)
    out.models.push_back(read_band(in));
  return out;
}

void write_motion(ByteWriter& out, const std::optional<Motion>& motion) {
  out.u8(motion.has_value());
  if (!motion) return;
  for (const double number : {motion->speed, motion->acceleration, motion->raw_slope})
    out.f64(number);
}

std::optional<Motion> read_motion(ByteReader& in) {
  if (in.u8() == 0) return std::nullopt;
  Motion out;
  for (double* number : {&out.speed, &out.acceleration, &out.raw_slope}) *number = in.f64();
  return out;
}

void write_shift(ByteWriter& out, const std::optional<Shift>& shift) {
  out.u8(shift.has_value());
  if (!shift) return;
  write_time(out, shift->since);
  out.f64(shift->before);
  out.f64(shift->after);
}

std::optional<Shift> read_shift(ByteReader& in) {
  if (in.u8() == 0) return std::nullopt;
  Shift out;
  out.since = read_time(in);
  out.before = in.f64();
  out.after = in.f64();
  return out;
}

void write_outlook(ByteWriter& out, const std::optional<Outlook>& outlook) {
  out.u8(outlook.has_value());
  if (!outlook) return;
  out.f64(outlook->limit);
  for (const DurationMs left : {outlook->expected, outlook->earliest, outlook->latest})
    out.zigzag(left.count);
}

std::optional<Outlook> read_outlook(ByteReader& in) {
  if (in.u8() == 0) return std::nullopt;
  Outlook out;
  out.limit = in.f64();
  for (DurationMs* left : {&out.expected, &out.earliest, &out.latest}) *left = {in.zigzag()};
  return out;
}

// An enumeration of `count` values; anything else is taken for the first.
template <class E>
E read_enum(ByteReader& in, uint8_t count) {
  const uint8_t value = in.u8();
  return static_cast<E>(value < count ? value : 0);
}

void write_points(ByteWriter& out, const std::vector<JudgedPoint>& points) {
  out.varint(points.size());
  for (const JudgedPoint& point : points) write_point(out, point);
}

std::vector<JudgedPoint> read_points(ByteReader& in) {
  std::vector<JudgedPoint> out;
  for (uint64_t left = read_count(in); left > 0 && in.ok(); --left) out.push_back(read_point(in));
  return out;
}

}  // namespace

uint64_t read_count(ByteReader& in) {
  const uint64_t count = in.varint();
  if (count <= in.left()) return count;
  while (in.ok()) in.u64();  // bad for good: it promises more than there is
  return 0;
}

void write_optional_time(ByteWriter& out, const std::optional<TimeMs>& time) {
  out.u8(time.has_value());
  if (time) write_time(out, *time);
}

std::optional<TimeMs> read_optional_time(ByteReader& in) {
  if (in.u8() == 0) return std::nullopt;
  return read_time(in);
}

void write_position(ByteWriter& out, const Position& at) {
  out.varint(at.lsn.value);
  write_time(out, at.due);
  out.varint(at.row);
  out.varint(at.step);
}

Position read_position(ByteReader& in) {
  Position out;
  out.lsn.value = in.varint();
  out.due = read_time(in);
  out.row = in.varint();
  out.step = static_cast<uint32_t>(in.varint());
  return out;
}

void write_labels(ByteWriter& out, const Labels& labels) {
  out.varint(labels.pairs().size());
  for (const auto& [name, value] : labels.pairs()) {
    out.text(name);
    out.text(value);
  }
}

Labels read_labels(ByteReader& in) {
  std::vector<Labels::Pair> pairs;
  for (uint64_t left = read_count(in); left > 0 && in.ok(); --left) {
    std::string name(in.text());
    pairs.emplace_back(std::move(name), in.text());
  }
  return Labels(std::move(pairs));
}

void write_violation(ByteWriter& out, const Violation& violation) {
  write_id(out, violation.id);
  out.u8(static_cast<uint8_t>(violation.tier));
  out.u8(static_cast<uint8_t>(violation.state));
  out.u8(static_cast<uint8_t>(violation.direction));
  for (const TimeMs time : {violation.opened, violation.updated, violation.ended})
    write_time(out, time);
  write_point(out, violation.last);
  write_point(out, violation.worst);
  out.varint(violation.points_outside);
  write_motion(out, violation.motion);
  out.zigzag(violation.cadence.count);
  write_shift(out, violation.shift);
  write_outlook(out, violation.outlook);
}

Violation read_violation(ByteReader& in) {
  Violation out;
  out.id = read_id(in);
  out.tier = read_enum<Tier>(in, 2);
  out.state = read_enum<ViolationState>(in, 3);
  out.direction = read_enum<Direction>(in, 3);
  for (TimeMs* time : {&out.opened, &out.updated, &out.ended}) *time = read_time(in);
  out.last = read_point(in);
  out.worst = read_point(in);
  out.points_outside = static_cast<uint32_t>(in.varint());
  out.motion = read_motion(in);
  out.cadence = {in.zigzag()};
  out.shift = read_shift(in);
  out.outlook = read_outlook(in);
  return out;
}

void write_tail(ByteWriter& out, const Tail& tail) {
  out.u8(tail != nullptr);
  if (tail) write_points(out, *tail);
}

Tail read_tail(ByteReader& in) {
  if (in.u8() == 0) return nullptr;
  return std::make_shared<const std::vector<JudgedPoint>>(read_points(in));
}

void write_judged(ByteWriter& out, const JudgedViolation& judged) {
  write_violation(out, judged.violation);
  write_labels(out, judged.labels);
  out.text(judged.worker_id);
  out.varint(judged.model_names.size());
  for (const std::string& name : judged.model_names) out.text(name);
  write_points(out, judged.tail);
  out.f64(judged.weight);
}

JudgedViolation read_judged(ByteReader& in) {
  JudgedViolation out;
  out.violation = read_violation(in);
  out.labels = read_labels(in);
  out.worker_id = in.text();
  for (uint64_t left = read_count(in); left > 0 && in.ok(); --left)
    out.model_names.emplace_back(in.text());
  out.tail = read_points(in);
  out.weight = in.f64();
  return out;
}

}  // namespace tocsin::rules
