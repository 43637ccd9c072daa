// `tocsin replay --as-received`: from the newest checkpoint before the begin on, the frames of
// archive and journal.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "replay/received.h"
#include "store/checkpoints.h"
#include "store/journal_view.h"
#include "tocsin/model_checkpoint.h"
#include "tocsin/progress.h"
#include "tocsin/replay_parts.h"
#include "vocabulary/markers.h"

namespace tocsin {
namespace {

void warn(const std::string& text) { std::fputs((text + "\n").c_str(), stderr); }

// Checkpoints with every frame behind them, oldest first.
Result<std::vector<CheckpointFile>> usable_checkpoints(ReplayParts& parts) {
  const JournalView& journal = parts.store->journal();
  std::vector<CheckpointFile> out;
  // A file may move from the first folder to the second while we look.
  for (const char* folder : {"/checkpoints", "/archive"}) {
    auto found = list_checkpoints(parts.disk, parts.directory + folder, kCheckpointName);
    if (!found) return fail(found.error());
    for (CheckpointFile& one : *found)
      if (one.mark.lsn.value + 1 >= journal.whole_from().value && one.mark.lsn <= journal.last())
        out.push_back(std::move(one));
  }
  std::sort(out.begin(), out.end(), [](const CheckpointFile& a, const CheckpointFile& b) {
    return a.mark.lsn < b.mark.lsn;
  });
  return out;
}

Result<replay::SavedState> read_state(Disk& disk, const CheckpointFile& file) {
  const auto checkpoint = read_checkpoint(disk, file.path);
  if (!checkpoint) return fail(checkpoint.error());
  auto saved = decode_model_checkpoint(checkpoint->bytes);
  if (!saved) return fail(saved.error());
  return replay::SavedState{file.mark.lsn,
                            file.mark.time,
                            std::move(saved->configuration),
                            std::move(saved->workers),
                            std::move(saved->shards),
                            std::move(saved->rules),
                            std::move(saved->alerts)};
}

tl::unexpected<Error> too_early(TimeMs from, const std::vector<CheckpointFile>& usable) {
  const std::string earliest =
      usable.empty()
          ? "no checkpoint has all batches behind it yet (a server writes one every ten minutes "
            "to an hour, and when it stops)"
          : fmt::format(
                "the earliest begin is {}, the time of the oldest checkpoint with all "
                "batches behind it: --from {}",
                to_iso(usable.front().mark.time), to_iso(usable.front().mark.time));
  return fail(ErrorCode::kInvalid,
              fmt::format("cannot replay as received from {}: {}; or replay --as-history",
                          to_iso(from), earliest));
}

// The newest state at or before the begin; nullopt: the journal's own beginning.
Result<std::optional<replay::SavedState>> find_state(replay::Plan& plan, bool anywhere,
                                                     ReplayParts& parts) {
  const auto usable = usable_checkpoints(parts);
  if (!usable) return fail(usable.error());
  const bool from_first = parts.store->journal().whole_from() == Lsn{1};
  if (anywhere && !from_first && !usable->empty())
    plan.from = std::max(plan.from, usable->front().mark.time);
  for (auto file = usable->rbegin(); file != usable->rend(); ++file) {
    if (file->mark.time > plan.from) continue;
    auto state = read_state(parts.disk, *file);
    if (state) return std::optional(std::move(*state));
    warn(fmt::format("{}; the one before it is used", state.error().text()));
  }
  if (!from_first) return too_early(plan.from, *usable);
  return std::optional<replay::SavedState>();
}

// What changed workers had learned when they began (docs/decisions/0012); the last two are kept.
std::string trained_text(ReplayParts& parts, std::string_view hash) {
  const auto files = list_checkpoints(parts.disk, parts.directory + "/../trained", "trained");
  if (!files) return "";
  for (const CheckpointFile& file : *files) {
    const auto kept = read_checkpoint(parts.disk, file.path);
    if (kept && to_text(hash128(kept->bytes)) == hash) return kept->bytes;
  }
  warn("what changed workers had learned when they began is not kept any more: they learn anew");
  return "";
}

// The version of the configuration that a frame says holds from it on, or empty.
std::string_view version_in(const Frame& frame) {
  if (frame.kind == FrameKind::kConfig) return replay::version_of(frame.payload);
  const std::string_view text = frame.payload;
  const bool started = frame.kind == FrameKind::kNote && text.starts_with(kStartedMarker);
  return started ? text.substr(kStartedMarker.size()) : std::string_view{};
}

}  // namespace

Result<replay::Report> run_as_received(replay::Plan& plan, bool anywhere,
                                       const Configuration& configuration, ReplayParts& parts) {
  auto state = find_state(plan, anywhere, parts);
  if (!state) return fail(state.error());
  replay::ReceivedPlan received;
  received.plan = plan;
  received.configuration = configuration.folder.version();
  received.shards = configuration.settings.shard_count();
  received.only = parts.only;
  received.all_series = parts.all_series;
  received.state = std::move(*state);
  received.trained = [&parts](std::string_view hash) { return trained_text(parts, hash); };
  std::optional<TimeMs> other;  // when the live run had another configuration
  if (received.state && received.state->configuration != received.configuration)
    other = received.state->time;
  std::optional<StoreSource> history;
  if (other) {
    if (auto done = parts.store->load_tail(); !done) return fail(done.error());
    history.emplace(
        *parts.store, [&](const Labels& series) { return parts.only.matches(series); },
        parts.table);
  }
  const replay::Frames frames = [&](Lsn after, const auto& visit) -> Result<void> {
    const auto gaps = parts.store->journal().frames(after, [&](const Frame& frame) {
      const std::string_view version = version_in(frame);
      if (!other && !version.empty() && version != received.configuration) other = frame.arrival;
      return visit(frame);
    });
    if (!gaps) return fail(gaps.error());
    for (const JournalView::Gap& gap : *gaps)
      warn(
          fmt::format("batches {} to {} are missing: from there on the live run may have found "
                      "something else",
                      gap.from.value, gap.to.value));
    return {};
  };
  const TimeMs begin = received.state ? received.state->time : plan.from;
  const auto span = std::max<int64_t>((plan.to - begin).count, 1);
  Progress progress(terminal_print());
  progress.begin("replaying", 1000);
  auto report = replay::run_received(
      received, frames, history ? &*history : nullptr, parts.table, parts.counters, [&](TimeMs at) {
        progress.advance(
            static_cast<uint64_t>(std::max<int64_t>((at - begin).count, 0) * 1000 / span));
        return true;
      });
  progress.end();
  if (report && other)
    warn(fmt::format("at {} the live run had another configuration than this one", to_iso(*other)));
  return report;
}

}  // namespace tocsin
