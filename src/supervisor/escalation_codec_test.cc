#include "supervisor/escalation_codec.h"

#include "supervisor/test_decisions.h"

namespace tocsin::supervisor {
namespace {

using namespace testing_help;

std::vector<EscalationTarget> any_targets() {
  std::vector<EscalationTarget> out;
  for (size_t i = any_size(); i > 0; --i)
    out.push_back({any_enum(TargetKind::kReceiver), any_text()});
  return out;
}

Escalation any_escalation() {
  Escalation out;
  if (any_bool()) {
    auto policy = std::make_shared<EscalationPolicy>();
    policy->name = any_text();
    for (size_t i = any_size() + 1; i > 0; --i)
      policy->steps.push_back({{any_int()}, any_targets(), any_bool()});
    policy->repeat = static_cast<uint32_t>(any_size());
    policy->repeat_after = {any_int()};
    policy->fail_over_after = {any_int()};
    policy->otherwise = any_targets();
    out.step = static_cast<uint32_t>(policy->steps.size()) - (any_bool() ? 1 : 0);
    out.policy = std::move(policy);
    out.state = static_cast<Escalation::State>(*rc::gen::inRange(1, 6));
  }
  out.round = static_cast<uint32_t>(any_int());
  out.pass = static_cast<uint32_t>(any_int());
  out.fallback = static_cast<uint32_t>(any_size());
  out.begun = {any_int()};
  out.due = {any_int()};
  out.left = {any_int()};
  for (size_t i = any_size(); i > 0; --i) {
    EscalationCall call{any_text(),
                        any_text(),
                        any_text(),
                        any_text(),
                        static_cast<uint32_t>(any_int()),
                        static_cast<uint32_t>(any_int()),
                        any_bool(),
                        any_enum(EscalationCall::State::kDropped),
                        {any_int()},
                        any_int()};
    out.calls.push_back(std::move(call));
  }
  out.assigned_to = any_text();
  out.acknowledged_until = {any_int()};
  return out;
}

RC_GTEST_PROP(EscalationCodec, ReadsBackWhatItWrote, ()) {
  const Escalation escalation = any_escalation();
  const auto read = decode_escalation(encode(escalation));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == escalation);
}

RC_GTEST_PROP(EscalationCodec, RefusesWhatIsCutShort, ()) {
  const std::string bytes = encode(any_escalation());
  const auto length =
      static_cast<size_t>(*rc::gen::inRange<int>(0, static_cast<int>(bytes.size())));
  const auto read = decode_escalation(std::string_view(bytes).substr(0, length));
  RC_ASSERT(!read.has_value());
  RC_ASSERT(read.error().code == ErrorCode::kCorrupt);
}

TEST(EscalationCodec, RefusesAStepThatThePolicyDoesNotHave) {
  Escalation escalation;
  auto policy = std::make_shared<EscalationPolicy>();
  policy->steps.resize(1);
  escalation.policy = policy;
  escalation.state = Escalation::State::kRunning;
  escalation.step = 2;
  EXPECT_FALSE(decode_escalation(encode(escalation)));
  escalation.step = 1;
  EXPECT_TRUE(decode_escalation(encode(escalation)));
}

}  // namespace
}  // namespace tocsin::supervisor
