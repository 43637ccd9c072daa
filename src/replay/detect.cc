#include "replay/detect.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "config/folder.h"
#include "models/kinds.h"

namespace tocsin::replay {
namespace {

using models::ModelKind;

// Nobody answers "accept the new normal?" for a file; a violation that lasts so long is one. `auto`
// lets go by itself (it holds a violation for 8 hours at most).
constexpr std::string_view kAcceptAfter = "6h";

bool draws_one_series(ModelKind kind) {
  switch (kind) {
    case ModelKind::kLevel:
    case ModelKind::kProfile:
    case ModelKind::kTrend:
    case ModelKind::kCount:
    case ModelKind::kChange:
    case ModelKind::kAuto:
      return true;
    case ModelKind::kThreshold:
    case ModelKind::kSilence:
    case ModelKind::kRatio:
    case ModelKind::kForecast:
      return false;
  }
  return false;
}

std::vector<std::string_view> possible_kinds() {
  std::vector<std::string_view> out;
  for (const models::Kind& kind : models::kinds())
    if (draws_one_series(kind.kind)) out.push_back(kind.name);
  return out;
}

Result<void> check_kinds(const std::vector<std::string>& asked) {
  const auto possible = possible_kinds();
  for (const std::string& kind : asked) {
    if (std::find(possible.begin(), possible.end(), kind) != possible.end()) continue;
    const std::string_view near = nearest_word(kind, possible);
    return fail(ErrorCode::kInvalid,
                fmt::format("cannot test a file with the model \"{}\"{}; there are: {}", kind,
                            near.empty() ? "" : fmt::format(" (is {} meant?)", near),
                            fmt::join(possible, ", ")));
  }
  return {};
}

class Ignored final : public streamer::Judge::Sink {
  void changed(streamer::Judge::What, const streamer::OpenViolation&) override {}
};

}  // namespace

// Written as a configuration, so that it means what it would mean in one.
Result<streamer::Worker> detect_worker(const DetectModels& asked) {
  if (asked.kinds.empty()) return fail(ErrorCode::kInvalid, "cannot test a file without a model");
  if (auto checked = check_kinds(asked.kinds); !checked) return fail(checked.error());
  std::string text = "workers:\n  - id: detect\n    select: '*'\n    tier: kpi\n";
  const bool own_rules = asked.kinds == std::vector<std::string>{"auto"};
  text +=
      fmt::format("    transform: none\n    accept_after: {}\n", own_rules ? "0s" : kAcceptAfter);
  if (asked.noise) text += fmt::format("    noise: {} per week\n", *asked.noise);
  // The score of `auto` is calibrated by itself: it opens on one row, and needs no least deviation.
  if (own_rules) text += "    opens: 1 of 1\n    min_deviation: {relative: 0}\n";
  text += "    models:\n";
  for (const std::string& kind : asked.kinds) text += fmt::format("      - kind: {}\n", kind);
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"detect", text}}, problems);
  const auto set = streamer::WorkerSet::read(folder, problems);
  if (!problems.empty()) return fail(problems.error("cannot test with these models"));
  return set->workers().front();
}

Detector::Detector(const streamer::Worker& worker, const calendar::Zone& zone,
                   std::string_view name)
    : series_(worker, {zone, nullptr}, Labels::of(name)) {}

DetectAnswer Detector::push(std::optional<TimeMs> time, std::optional<double> value) {
  using Kind = DetectAnswer::Kind;
  DetectAnswer out;
  const streamer::OpenViolation* before = series_.violation();
  const auto id_before = before != nullptr ? std::optional(before->id) : std::nullopt;
  if (!time || !value) {
    ++counts_.gaps;
  } else {
    Ignored ignored;
    const auto verdict = series_.judge(*time, *value, ignored);
    out.kind = !verdict ? Kind::kLate : verdict->guarded ? Kind::kJudged : Kind::kLearning;
    if (out.kind == Kind::kJudged) {
      out.score = verdict->score;
      out.expected = verdict->expected, out.lower = verdict->lower, out.upper = verdict->upper;
    }
    counts_.late += out.kind == Kind::kLate;
    counts_.learning += out.kind == Kind::kLearning;
    counts_.judged += out.kind == Kind::kJudged;
  }
  const streamer::OpenViolation* open = series_.violation();
  out.violation = open != nullptr;
  out.opened = open != nullptr && (!id_before || *id_before != open->id);
  counts_.violations += out.opened;
  return out;
}

}  // namespace tocsin::replay
