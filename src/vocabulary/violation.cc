#include "vocabulary/violation.h"

#include "vocabulary/markers.h"

namespace tocsin {

std::string_view to_text(Tier tier) {
  switch (tier) {
    case Tier::kKpi:
      return "kpi";
    case Tier::kEvidence:
      return "evidence";
  }
  return "";
}

std::string_view to_text(Direction direction) {
  switch (direction) {
    case Direction::kAbove:
      return "above";
    case Direction::kBelow:
      return "below";
    case Direction::kSilent:
      return "silent";
  }
  return "";
}

std::string_view to_text(ViolationState state) {
  switch (state) {
    case ViolationState::kOpen:
      return "open";
    case ViolationState::kAbsent:
      return "absent";
    case ViolationState::kEnded:
      return "ended";
  }
  return "";
}

std::string_view to_text(SeriesStatus::What what) {
  switch (what) {
    case SeriesStatus::What::kLearning:
      return "learning";
    case SeriesStatus::What::kGuarded:
      return "guarded";
    case SeriesStatus::What::kAbsent:
      return "absent";
  }
  return "";
}

std::string_view to_text(Answer answer) {
  switch (answer) {
    case Answer::kNone:
      return "";
    case Answer::kAccepted:
      return "accepted";
    case Answer::kKept:
      return "kept";
  }
  return "";
}

bool asks(const Violation& violation, TimeMs now) {
  return violation.tier == Tier::kKpi && violation.state == ViolationState::kOpen &&
         violation.answer == Answer::kNone && now - violation.opened >= kAskAfter;
}

// "answer accepted ID BY"
std::string answer_note(const GivenAnswer& given) {
  std::string out(kAnswerMarker);
  out.append(to_text(given.answer)).append(" ").append(to_text(given.violation));
  return out.append(" ").append(given.by);
}

std::optional<GivenAnswer> read_answer_note(std::string_view payload) {
  if (!payload.starts_with(kAnswerMarker)) return std::nullopt;
  payload.remove_prefix(kAnswerMarker.size());
  for (const Answer answer : {Answer::kAccepted, Answer::kKept}) {
    const std::string_view word = to_text(answer);
    constexpr size_t kIdLength = 32;
    if (!payload.starts_with(word) || payload.size() < word.size() + kIdLength + 2) continue;
    const auto id = parse_id(payload.substr(word.size() + 1, kIdLength));
    if (!id) return std::nullopt;
    return GivenAnswer{*id, answer, std::string(payload.substr(word.size() + kIdLength + 2))};
  }
  return std::nullopt;
}

std::string sender_words(const Labels& labels) {
  const std::string_view name = labels.get(kSenderLabel);
  const size_t space = name.rfind(' ');
  if (space == std::string_view::npos) return std::string(name);
  const std::string_view host = labels.get("host");
  return std::string(name.substr(0, space))
      .append(" on ")
      .append(host.empty() ? name.substr(space + 1) : host);
}

}  // namespace tocsin
