#include "supervisor/escalation_codec.h"

#include "base/bytes.h"

namespace tocsin::supervisor {
namespace {

constexpr uint8_t kVersion = 2;
constexpr uint8_t kWithoutWith = 1;  // as written before escalations of a group were one

void write_targets(ByteWriter& out, const std::vector<EscalationTarget>& targets) {
  out.varint(targets.size());
  for (const EscalationTarget& target : targets) {
    out.u8(static_cast<uint8_t>(target.kind));
    out.text(target.name);
  }
}

void write_policy(ByteWriter& out, const EscalationPolicy& policy) {
  out.text(policy.name);
  out.varint(policy.steps.size());
  for (const EscalationStep& step : policy.steps) {
    out.zigzag(step.after.count);
    out.u8(step.again ? 1 : 0);
    write_targets(out, step.tell);
  }
  out.varint(policy.repeat);
  out.zigzag(policy.repeat_after.count);
  out.zigzag(policy.fail_over_after.count);
  write_targets(out, policy.otherwise);
}

void write_call(ByteWriter& out, const EscalationCall& call) {
  out.text(call.person);
  out.text(call.receiver);
  out.text(call.why);
  out.text(call.answer);
  out.varint(call.step);
  out.varint(call.pass);
  out.u8(call.extra ? 1 : 0);
  out.u8(static_cast<uint8_t>(call.state));
  out.zigzag(call.due.ms);
  out.zigzag(call.delivery);
}

class Reading {
 public:
  explicit Reading(std::string_view bytes) : in_(bytes) {}

  Result<Escalation> read() {
    Escalation out;
    const uint8_t version = in_.u8();
    if (version != kVersion && version != kWithoutWith) return wrong("of an unknown version");
    if (flag()) out.policy = std::make_shared<const EscalationPolicy>(policy());
    out.state = word<Escalation::State>(Escalation::State::kFollows);
    out.step = number();
    out.round = number();
    out.pass = number();
    out.fallback = number();
    out.begun = TimeMs{in_.zigzag()};
    out.due = TimeMs{in_.zigzag()};
    out.left = milliseconds(in_.zigzag());
    for (size_t left = count(); left > 0; --left) out.calls.push_back(call());
    out.assigned_to = in_.text();
    out.acknowledged_until = TimeMs{in_.zigzag()};
    if (version == kVersion) out.with = id();
    if (!good_ || !in_.done()) return wrong("cut short or damaged");
    const bool needs_policy = out.state != Escalation::State::kNone;
    if (needs_policy != (out.policy != nullptr)) return wrong("without the policy it runs");
    if (out.policy && (out.policy->steps.empty() || out.step > out.policy->steps.size()))
      return wrong("at a step that its policy does not have");
    return out;
  }

 private:
  static tl::unexpected<Error> wrong(std::string_view how) {
    return fail(ErrorCode::kCorrupt, "read an escalation: it is " + std::string(how));
  }
  Id128 id() {
    const uint64_t high = in_.u64();
    return {high, in_.u64()};
  }
  bool flag() {
    const uint8_t value = in_.u8();
    good_ = good_ && value <= 1;
    return value == 1;
  }
  uint32_t number() {
    const uint64_t value = in_.varint();
    good_ = good_ && value <= UINT32_MAX;
    return static_cast<uint32_t>(value);
  }
  // Each element takes a byte at least: a count beyond what is left is damage.
  size_t count() {
    const uint64_t value = in_.varint();
    if (value <= in_.left()) return value;
    good_ = false;
    return 0;
  }
  template <class E>
  E word(E last) {
    const uint8_t value = in_.u8();
    good_ = good_ && value <= static_cast<uint8_t>(last);
    return static_cast<E>(value);
  }
  std::vector<EscalationTarget> targets() {
    std::vector<EscalationTarget> out;
    for (size_t left = count(); left > 0 && in_.ok(); --left) {
      const auto kind = word<TargetKind>(TargetKind::kReceiver);
      out.push_back({kind, std::string(in_.text())});
    }
    return out;
  }
  EscalationPolicy policy() {
    EscalationPolicy out;
    out.name = in_.text();
    for (size_t left = count(); left > 0 && in_.ok(); --left) {
      EscalationStep step;
      step.after = milliseconds(in_.zigzag());
      step.again = flag();
      step.tell = targets();
      out.steps.push_back(std::move(step));
    }
    out.repeat = number();
    out.repeat_after = milliseconds(in_.zigzag());
    out.fail_over_after = milliseconds(in_.zigzag());
    out.otherwise = targets();
    return out;
  }
  EscalationCall call() {
    EscalationCall out;
    if (!in_.ok()) return out;
    out.person = in_.text();
    out.receiver = in_.text();
    out.why = in_.text();
    out.answer = in_.text();
    out.step = number();
    out.pass = number();
    out.extra = flag();
    out.state = word<EscalationCall::State>(EscalationCall::State::kDropped);
    out.due = TimeMs{in_.zigzag()};
    out.delivery = in_.zigzag();
    return out;
  }

  ByteReader in_;
  bool good_ = true;
};

}  // namespace

std::string encode(const Escalation& escalation) {
  ByteWriter out;
  out.u8(kVersion);
  out.u8(escalation.policy ? 1 : 0);
  if (escalation.policy) write_policy(out, *escalation.policy);
  out.u8(static_cast<uint8_t>(escalation.state));
  out.varint(escalation.step);
  out.varint(escalation.round);
  out.varint(escalation.pass);
  out.varint(escalation.fallback);
  out.zigzag(escalation.begun.ms);
  out.zigzag(escalation.due.ms);
  out.zigzag(escalation.left.count);
  out.varint(escalation.calls.size());
  for (const EscalationCall& call : escalation.calls) write_call(out, call);
  out.text(escalation.assigned_to);
  out.zigzag(escalation.acknowledged_until.ms);
  out.u64(escalation.with.high);
  out.u64(escalation.with.low);
  return out.take();
}

Result<Escalation> decode_escalation(std::string_view bytes) { return Reading(bytes).read(); }

}  // namespace tocsin::supervisor
