#include "rules/engine.h"

#include "base/check.h"
#include "base/id.h"
#include "rules/core.h"

namespace tocsin::rules {

Engine::Engine(std::shared_ptr<const RuleSet> rules, const SeriesTable& table, WorkerNames workers,
               EngineLimits limits)
    : core_(std::make_unique<Core>(std::move(rules), table, std::move(workers), limits)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::step(const StreamItem& item, std::vector<Decision>& out) { core_->step(item, out); }

void Engine::advance(Lsn last, TimeMs now, std::vector<Decision>& out) {
  core_->advance(last, now, out);
}

std::optional<TimeMs> Engine::next_due() const { return core_->next_due(); }

// Through a checkpoint: one way for a reload and for a restart under other rules.
void Engine::replace(std::shared_ptr<const RuleSet> rules, WorkerNames workers, Lsn last,
                     TimeMs now, std::vector<Decision>& out) {
  core_->advance(last, now, out);
  ByteWriter bytes;
  core_->save(bytes, Core::Names::kRefs);
  auto next =
      std::make_unique<Core>(std::move(rules), core_->table(), std::move(workers), core_->limits());
  ByteReader in(bytes.bytes());
  const Result<void> loaded = next->load(in);
  TOCSIN_CHECK(loaded && in.done(), "own checkpoint of {} bytes cannot be read", bytes.size());
  core_ = std::move(next);
  core_->advance(last, now, out);
}

// The state with its length and its hash: what is damaged is refused as a whole.
void Engine::save(ByteWriter& out) const {
  ByteWriter body;
  core_->save(body, Core::Names::kLabels);
  out.text(body.bytes());
  out.u64(hash64(body.bytes()));
}

Result<void> Engine::load(ByteReader& in) {
  const std::string_view body = in.text();
  const uint64_t hash = in.u64();
  if (!in.ok() || hash != hash64(body))
    return fail(ErrorCode::kCorrupt, "cannot read the rules' checkpoint: it is cut off or damaged");
  ByteReader reader(body);
  Result<void> loaded = core_->load(reader);
  if (!loaded) core_ = core_->fresh();
  return loaded;
}

void Engine::forget() { core_ = core_->fresh(); }

std::vector<std::string> Engine::rules_for(SeriesRef series) const {
  return core_->rules_for(series);
}
std::vector<BranchValue> Engine::branches(std::string_view rule_id, const Labels& scope) const {
  return core_->branches(rule_id, scope);
}
std::vector<std::string> Engine::notes() const { return core_->notes(); }
const EngineCounts& Engine::counts() const { return core_->counts(); }
size_t Engine::open_alerts() const { return core_->open_alerts(); }
const RuleSet& Engine::rules() const { return core_->rules(); }

}  // namespace tocsin::rules
