#include "supervisor/codec.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace tocsin::supervisor {
namespace {

constexpr uint8_t kVersion = 3;
// Before it nothing was kept of what a model that votes had found.
constexpr uint8_t kVersionWithFindings = 2;
// Before it every alert was a rule's.
constexpr uint8_t kVersionWithReport = 3;

// The last value of each enum: what is beyond it does not read back.
constexpr auto last_of(Decision::What) { return Decision::What::kResolved; }
constexpr auto last_of(Severity) { return Severity::kLow; }
constexpr auto last_of(Truth) { return Truth::kUnknown; }
constexpr auto last_of(Momentum::Trend) { return Momentum::Trend::kRecovering; }
constexpr auto last_of(Tier) { return Tier::kEvidence; }
constexpr auto last_of(ViolationState) { return ViolationState::kEnded; }
constexpr auto last_of(Direction) { return Direction::kSilent; }

class Writer {
 public:
  ByteWriter out;
  const bool with_findings = true;
  const bool with_report = true;

  void field(const std::string& v) { out.text(v); }
  void field(double v) { out.f64(v); }
  void field(float v) { out.f32(v); }
  void field(bool v) { out.u8(v ? 1 : 0); }
  void field(uint16_t v) { out.varint(v); }
  void field(uint32_t v) { out.varint(v); }
  void field(uint64_t v) { out.varint(v); }
  void field(int64_t v) { out.zigzag(v); }
  template <class E>
    requires std::is_enum_v<E>
  void field(E v) {
    out.u8(static_cast<uint8_t>(v));
  }
  template <class T>
  void list(const std::vector<T>& items);
  void field(const Labels& labels) {
    out.varint(labels.pairs().size());
    for (const auto& [name, value] : labels.pairs()) pair(name, value);
  }
  void field(const std::map<std::string, std::string>& map) {
    out.varint(map.size());
    for (const auto& [name, value] : map) pair(name, value);
  }

 private:
  void pair(std::string_view name, std::string_view value) {
    out.text(name);
    out.text(value);
  }
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : in(bytes) {}
  ByteReader in;
  bool with_findings = true;
  bool with_report = true;
  bool known = true;  // every enum and integer was in its range
  bool good() const { return known && in.ok(); }

  void field(std::string& v) { v = in.text(); }
  void field(double& v) { v = in.f64(); }
  void field(float& v) { v = in.f32(); }
  void field(bool& v) {
    const uint8_t byte = in.u8();
    known = known && byte <= 1;
    v = byte == 1;
  }
  void field(uint16_t& v) { narrow(v); }
  void field(uint32_t& v) { narrow(v); }
  void field(uint64_t& v) { v = in.varint(); }
  void field(int64_t& v) { v = in.zigzag(); }
  template <class E>
    requires std::is_enum_v<E>
  void field(E& v) {
    const uint8_t byte = in.u8();
    known = known && byte <= static_cast<uint8_t>(last_of(E{}));
    if (known) v = static_cast<E>(byte);
  }
  template <class T>
  void list(std::vector<T>& items);
  void field(Labels& labels) {
    std::vector<Labels::Pair> pairs;
    for (uint64_t left = in.varint(); left > 0 && good(); --left) {
      std::string name(in.text());
      pairs.emplace_back(std::move(name), in.text());
    }
    labels = Labels(std::move(pairs));
  }
  void field(std::map<std::string, std::string>& map) {
    for (uint64_t left = in.varint(); left > 0 && good(); --left) {
      std::string name(in.text());
      map.insert_or_assign(std::move(name), std::string(in.text()));
    }
  }

 private:
  template <class T>
  void narrow(T& v) {
    const uint64_t wide = in.varint();
    v = static_cast<T>(wide);
    known = known && v == wide;
  }
};

// One description of every struct for both directions. The structured bindings name all members: a
// member added to one of them does not compile here until it is written and read.
template <class A, class T>
void each(A& a, T& value);

template <class A, class... T>
void all(A& a, T&... values) {
  (each(a, values), ...);
}

// One description of every struct for both directions. The structured bindings name all members: a
// member added to one of them does not compile here until it is written and read.
template <class T, class Plain>
concept Is = std::is_same_v<std::remove_const_t<T>, Plain>;

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

template <class T>
void option(Writer& a, const std::optional<T>& value) {
  a.field(value.has_value());
  if (value) each(a, *value);
}
template <class T>
void option(Reader& a, std::optional<T>& value) {
  bool has = false;
  a.field(has);
  if (has) each(a, value.emplace());
}

void shared(Writer& a, const std::shared_ptr<const Report>& value) {
  a.field(value != nullptr);
  if (value) each(a, *value);
}
void shared(Reader& a, std::shared_ptr<const Report>& value) {
  bool has = false;
  a.field(has);
  if (!has) return;
  Report report;
  each(a, report);
  value = std::make_shared<const Report>(std::move(report));
}

template <class A, class T>
void judged(A& a, T& value) {
  if constexpr (Is<T, ModelBand>) {
    auto& [model, weight, outside, expected, lower, upper] = value;
    all(a, model, weight, outside, expected, lower, upper);
  } else if constexpr (Is<T, JudgedPoint>) {
    auto& [time, number, expected, lower, upper, score, distance, outside, models] = value;
    all(a, time, number, expected, lower, upper, score, distance, outside, models);
  } else if constexpr (Is<T, Motion>) {
    auto& [speed, acceleration, raw_slope] = value;
    all(a, speed, acceleration, raw_slope);
  } else if constexpr (Is<T, Violation>) {
    auto& [id, series, worker, tier, state, direction, opened, updated, ended, last, worst,
           points_outside, motion, cadence, answer, shift, outlook] = value;
    static_cast<void>(series);  // refs do not leave the process
    static_cast<void>(worker);
    static_cast<void>(answer);  // of a violation that ends by it; an alert says that it ended
    all(a, id, tier, state, direction, opened, updated, ended, last, worst, points_outside);
    option(a, motion);
    each(a, cadence);
    if (!a.with_findings) return;
    option(a, shift);
    option(a, outlook);
  } else if constexpr (Is<T, Shift>) {
    auto& [since, before, after] = value;
    all(a, since, before, after);
  } else if constexpr (Is<T, Outlook>) {
    auto& [limit, expected, earliest, latest] = value;
    all(a, limit, expected, earliest, latest);
  } else if constexpr (Is<T, JudgedViolation>) {
    auto& [violation, labels, worker_id, model_names, tail, weight] = value;
    all(a, violation, labels, worker_id, model_names, tail, weight);
  } else {
    static_assert(Is<T, BranchValue>);
    auto& [kind, label, truth, reason, children] = value;
    all(a, kind, label, truth, reason, children);
  }
}

template <class A, class T>
void each(A& a, T& value) {
  if constexpr (requires { a.field(value); }) {
    a.field(value);
  } else if constexpr (IsVector<std::remove_const_t<T>>::value) {
    a.list(value);
  } else if constexpr (Is<T, TimeMs>) {
    a.field(value.ms);
  } else if constexpr (Is<T, DurationMs>) {
    a.field(value.count);
  } else if constexpr (Is<T, Id128>) {
    all(a, value.high, value.low);
  } else if constexpr (Is<T, Position>) {
    auto& [lsn, due, row, step] = value;
    all(a, lsn.value, due, row, step);
  } else if constexpr (Is<T, Momentum>) {
    auto& [trend, distance, speed, acceleration, predicted, predictions, hits] = value;
    all(a, trend, distance, speed, acceleration, predicted, predictions, hits);
  } else if constexpr (Is<T, Decision>) {
    auto& [what, at, time, alert_key, rule_id, rule_place, severity, scope, summary, description,
           annotations, resolve_reason, tree, violations, momentum, since_first_point, wait_reason,
           covers, report] = value;
    all(a, what, at, time, alert_key, rule_id, rule_place, severity, scope, summary, description,
        annotations, resolve_reason, tree, violations, momentum, since_first_point, wait_reason,
        covers);
    if (a.with_report) shared(a, report);
  } else if constexpr (Is<T, Report>) {
    auto& [source, link, starts, ends, summary_made] = value;
    all(a, source, link, starts, ends, summary_made);
  } else {
    judged(a, value);
  }
}

template <class T>
void Writer::list(const std::vector<T>& items) {
  out.varint(items.size());
  for (const T& item : items) each(*this, item);
}

// Grows as items read well: a length that the bytes do not bear out allocates nothing.
template <class T>
void Reader::list(std::vector<T>& items) {
  for (uint64_t left = in.varint(); left > 0 && good(); --left) each(*this, items.emplace_back());
}

}  // namespace

std::string encode(const Decision& decision) {
  Writer writer;
  writer.out.u8(kVersion);
  each(writer, decision);
  return writer.out.take();
}

Result<Decision> decode_decision(std::string_view bytes) {
  Reader reader(bytes);
  const uint8_t version = reader.in.u8();
  if (version == 0 || version > kVersion)
    return fail(ErrorCode::kCorrupt,
                fmt::format("read a kept judgement: its format is {}, this program knows 1 to {}",
                            version, kVersion));
  reader.with_findings = version >= kVersionWithFindings;
  reader.with_report = version >= kVersionWithReport;
  Decision decision;
  each(reader, decision);
  if (!reader.good() || !reader.in.done())
    return fail(ErrorCode::kCorrupt,
                fmt::format("read a kept judgement of {} bytes: it is damaged", bytes.size()));
  return decision;
}

std::string encode(const AlertRecord& record) {
  const AlertView& view = record.view;
  ByteWriter out;
  for (const Id128& id : {view.id, view.key, view.covered_by.value_or(Id128{})}) {
    out.u64(id.high);
    out.u64(id.low);
  }
  out.text(encode(view.opened));
  out.text(encode(view.latest));
  for (const TimeMs time :
       {view.opened_at, view.updated_at, record.speak_at, record.update_told_at})
    out.zigzag(time.ms);
  out.u8(record.update_owed);
  out.u8(record.rule_holds);
  out.varint(view.covers.size());
  for (const Id128& id : view.covers) {
    out.u64(id.high);
    out.u64(id.low);
  }
  out.varint(record.told.size());
  for (const std::string& receiver : record.told) out.text(receiver);
  return out.take();
}

Result<AlertRecord> decode_record(std::string_view bytes) {
  ByteReader in(bytes);
  const auto read_id = [&in] {
    const uint64_t high = in.u64();
    return Id128{high, in.u64()};
  };
  AlertRecord out;
  AlertView& view = out.view;
  view.id = read_id();
  view.key = read_id();
  if (const Id128 parent = read_id(); parent != Id128{}) view.covered_by = parent;
  for (SharedDecision* const decision : {&view.opened, &view.latest}) {
    auto read = decode_decision(in.text());
    if (!read) return fail(read.error());
    *decision = std::move(*read);
  }
  for (TimeMs* const time : {&view.opened_at, &view.updated_at, &out.speak_at, &out.update_told_at})
    time->ms = in.zigzag();
  out.update_owed = in.u8() != 0;
  out.rule_holds = in.u8() != 0;
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) view.covers.push_back(read_id());
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) out.told.emplace(in.text());
  if (!in.done())
    return fail(ErrorCode::kCorrupt,
                fmt::format("read a kept alert of {} bytes: it is damaged", bytes.size()));
  return out;
}

}  // namespace tocsin::supervisor
