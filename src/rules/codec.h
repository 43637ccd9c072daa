#pragma once
// Violations as bytes, for the engine's checkpoint. Series and worker are written by their owner:
// refs do not leave the process. Internal to src/rules.

#include "base/bytes.h"
#include "rules/state.h"

namespace tocsin::rules {

void write_labels(ByteWriter& out, const Labels& labels);
Labels read_labels(ByteReader& in);
void write_violation(ByteWriter& out, const Violation& violation);
Violation read_violation(ByteReader& in);
void write_tail(ByteWriter& out, const Tail& tail);  // may be null
Tail read_tail(ByteReader& in);
void write_judged(ByteWriter& out, const JudgedViolation& judged);
JudgedViolation read_judged(ByteReader& in);

// A count of things of at least one byte each; bad input cannot ask for more than is there.
uint64_t read_count(ByteReader& in);

inline void write_time(ByteWriter& out, TimeMs time) { out.zigzag(time.ms); }
inline TimeMs read_time(ByteReader& in) { return {in.zigzag()}; }
inline void write_id(ByteWriter& out, const Id128& id) {
  out.u64(id.high);
  out.u64(id.low);
}
inline Id128 read_id(ByteReader& in) {
  const uint64_t high = in.u64();
  return {high, in.u64()};
}
void write_optional_time(ByteWriter& out, const std::optional<TimeMs>& time);
std::optional<TimeMs> read_optional_time(ByteReader& in);
void write_position(ByteWriter& out, const Position& at);
Position read_position(ByteReader& in);

}  // namespace tocsin::rules
