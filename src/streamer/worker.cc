#include "streamer/worker.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "models/band_model.h"

namespace tocsin::streamer {
namespace {

constexpr std::string_view kDefaultId = "default";
// Nobody is asked about evidence: a level that stays shifted becomes normal by itself.
constexpr DurationMs kEvidenceAcceptAfter = hours(6);

Worker built_in_default() {
  Worker worker;
  worker.id = kDefaultId;
  worker.select = {*SeriesSelector::make("*", {})};
  ModelSpec level;
  level.name = "level";
  worker.models = {level};
  worker.accept_after = kEvidenceAcceptAfter;
  return worker;
}

void write_model(ByteWriter& out, const ModelSpec& model) {
  out.u8(static_cast<uint8_t>(model.kind));
  out.text(model.name);
  out.f64(model.weight);
  out.u8(static_cast<uint8_t>(model.season));
  out.zigzag(model.window.count);
  out.varint(model.period_weights.size());
  for (const double weight : model.period_weights) out.f64(weight);
  out.u8(model.above.has_value());
  out.f64(model.above.value_or(0));
  out.u8(model.below.has_value());
  out.f64(model.below.value_or(0));
  out.zigzag(model.for_at_least.count);
  out.f64(model.after_cadences);
  out.zigzag(model.at_least.count);
  for (const auto& [key, number] : model.numbers) out.text(key), out.f64(number);
  for (const auto& [key, text] : model.texts) out.text(key), out.text(text);
}

// What a change of makes learned state meaningless, or a violation's meaning another. The place and
// the selectors are left out: moving a worker in its file changes nothing it has learned.
Id128 definition_of(const Worker& worker) {
  ByteWriter out;
  out.text(worker.id);
  out.u8(static_cast<uint8_t>(worker.tier));
  out.u8(static_cast<uint8_t>(worker.transform));
  out.u8(worker.aggregate.has_value());
  if (worker.aggregate) {
    out.text(worker.aggregate->op_text);
    out.text(worker.aggregate->name);
    out.zigzag(worker.aggregate->every.count);
    for (const std::string& label : worker.aggregate->by) out.text(label);
    if (worker.aggregate->is_pair()) out.text(worker.aggregate->selected);
  }
  out.varint(worker.models.size());
  for (const ModelSpec& model : worker.models) write_model(out, model);
  out.u8(static_cast<uint8_t>(worker.strategy));
  out.u8(worker.open_points);
  out.u8(worker.open_of);
  out.u8(static_cast<uint8_t>(worker.missing));
  out.f64(worker.deviation_absolute);
  out.f64(worker.deviation_relative);
  out.zigzag(worker.lateness.count);
  out.f64(worker.score);
  out.zigzag(worker.accept_after.count);
  if (worker.min_duration.count > 0) out.zigzag(worker.min_duration.count);
  return hash128(out.bytes());
}

std::string_view transform_suffix(Transform transform) {
  switch (transform) {
    case Transform::kAuto:
    case Transform::kNone:
      return "";
    case Transform::kRate:
      return ":rate";
    case Transform::kIncrease:
      return ":increase";
    case Transform::kDelta:
      return ":delta";
  }
  return "";
}

bool any_matches(const std::vector<SeriesSelector>& selectors, const Labels& labels) {
  return std::any_of(selectors.begin(), selectors.end(),
                     [&](const SeriesSelector& selector) { return selector.matches(labels); });
}

bool watches_senders(const Worker& worker) {
  if (worker.aggregate || worker.model(ModelKind::kSilence) == nullptr) return false;
  return std::any_of(worker.select.begin(), worker.select.end(), [](const SeriesSelector& one) {
    return std::any_of(one.matchers().begin(), one.matchers().end(), [](const LabelMatcher& m) {
      return m.label() == kNameLabel && m.op() == LabelMatcher::Op::kEqual &&
             m.value() == kSenderSeriesName;
    });
  });
}

}  // namespace

std::string_view to_text(Strategy strategy) {
  switch (strategy) {
    case Strategy::kWeighted:
      return "weighted";
    case Strategy::kMajority:
      return "majority";
    case Strategy::kAny:
      return "any";
    case Strategy::kAll:
      return "all";
    case Strategy::kBest:
      return "best";
  }
  return "";
}

std::string_view to_text(Missing missing) {
  switch (missing) {
    case Missing::kUnknown:
      return "unknown";
    case Missing::kZero:
      return "zero";
    case Missing::kViolation:
      return "violation";
  }
  return "";
}

std::string_view to_text(Transform transform) {
  switch (transform) {
    case Transform::kAuto:
      return "auto";
    case Transform::kNone:
      return "none";
    case Transform::kRate:
      return "rate";
    case Transform::kIncrease:
      return "increase";
    case Transform::kDelta:
      return "delta";
  }
  return "";
}

bool is_counter_name(std::string_view name) {
  return name.ends_with("_total") || name.ends_with("_count") || name.ends_with("_sum") ||
         name.ends_with("_bucket");
}

Transform transform_of(const Worker& worker, std::string_view name) {
  if (worker.transform != Transform::kAuto) return worker.transform;
  if (!is_counter_name(name)) return Transform::kNone;
  const bool of_counts = worker.model(ModelKind::kCount) || worker.model(ModelKind::kRatio);
  return of_counts ? Transform::kIncrease : Transform::kRate;
}

Labels transformed_labels(const Worker& worker, const Labels& labels) {
  const std::string_view suffix = transform_suffix(transform_of(worker, labels.name()));
  if (suffix.empty()) return labels;
  return labels.with(kNameLabel, std::string(labels.name()).append(suffix));
}

Labels judged_labels(const Worker& worker, const Labels& labels) {
  const Labels transformed = transformed_labels(worker, labels);
  if (!worker.aggregate) return transformed;
  const Aggregate& aggregate = *worker.aggregate;
  if (aggregate.is_pair())
    return labels.with(kNameLabel, fmt::format("{}:{}", aggregate.selected, aggregate.op_text));
  std::string name = aggregate.name;
  if (name.empty()) name = fmt::format("{}:{}", transformed.name(), aggregate.op_text);
  std::vector<Labels::Pair> pairs;
  for (const std::string& label : aggregate.by)
    pairs.emplace_back(label, std::string(labels.get(label)));
  return Labels::of(name, std::move(pairs));
}

Labels behind_labels(const Worker& worker, const Labels& judged) {
  if (!worker.aggregate || !worker.aggregate->is_pair()) return {};
  const bool ratio = worker.aggregate->op == AggregateOp::kRatio;
  return judged.with(kNameLabel,
                     worker.aggregate->selected + (ratio ? ":attempts" : ":throughput"));
}

bool Worker::is_behind(const Labels& labels) const {
  return aggregate && aggregate->is_pair() && labels.name() == aggregate->behind &&
         any_matches(select, labels.with(kNameLabel, aggregate->selected));
}

bool Worker::selects(const Labels& labels) const {
  return any_matches(select, labels) || is_behind(labels);
}

std::vector<std::string> Worker::model_names() const {
  std::vector<std::string> names;
  for (const ModelSpec& model : models) {
    if (model.kind != ModelKind::kProfile) {
      names.push_back(model.name);
      continue;
    }
    for (size_t period = 1; period <= model.period_weights.size(); ++period)
      names.push_back(fmt::format("{} -{}", model.name, period));
  }
  return names;
}

std::vector<ModelKind> Worker::model_kinds() const {
  std::vector<ModelKind> kinds;
  for (const ModelSpec& model : models) {
    kinds.insert(kinds.end(), curves_of(model), model.kind);
  }
  return kinds;
}

const ModelSpec* Worker::model(ModelKind kind) const {
  for (const ModelSpec& model : models)
    if (model.kind == kind && model.weight > 0) return &model;
  return nullptr;
}

bool Mark::matches(const Labels& labels) const {
  if (match.empty() || any_matches(match, labels)) return true;
  // A mark of payments_ok is one of payments_ok:sum too.
  std::string_view name = labels.name();
  for (size_t colon = name.rfind(':'); colon != std::string_view::npos; colon = name.rfind(':')) {
    name = name.substr(0, colon);
    if (any_matches(match, labels.with(kNameLabel, name))) return true;
  }
  return false;
}

WorkerSet::WorkerSet() { finish(true); }

std::shared_ptr<const WorkerSet> WorkerSet::of(std::vector<Worker> workers, bool default_on,
                                               std::vector<Mark> marks) {
  auto set = std::make_shared<WorkerSet>();
  set->workers_ = std::move(workers);
  set->marks_ = std::move(marks);
  set->finish(default_on);
  return set;
}

std::vector<WorkerSet::Identity> WorkerSet::identities() const {
  std::vector<Identity> out;
  for (const Worker& worker : workers_) out.push_back({worker.id, worker.definition});
  return out;
}

std::shared_ptr<const WorkerSet> WorkerSet::without(const std::vector<Identity>& gone) const {
  auto out = std::make_shared<WorkerSet>(*this);
  out->workers_.clear();
  out->default_index_.reset();
  for (size_t i = 0; i < workers_.size(); ++i) {
    const Identity identity{workers_[i].id, workers_[i].definition};
    if (std::find(gone.begin(), gone.end(), identity) != gone.end()) continue;
    if (default_index_ == i) out->default_index_ = out->workers_.size();
    out->workers_.push_back(workers_[i]);
  }
  return out;
}

std::shared_ptr<const WorkerSet> WorkerSet::awaiting(std::vector<SeriesSelector> silences) const {
  auto out = std::make_shared<WorkerSet>(*this);
  out->awaited_ = std::move(silences);
  return out;
}

bool WorkerSet::awaits_silence(const Labels& labels) const {
  return std::any_of(awaited_.begin(), awaited_.end(),
                     [&](const SeriesSelector& one) { return one.matches(labels); });
}

void WorkerSet::finish(bool default_on) {
  const auto is_default = [](const Worker& worker) { return worker.id == kDefaultId; };
  const auto configured = std::find_if(workers_.begin(), workers_.end(), is_default);
  default_index_.reset();
  if (configured != workers_.end()) {
    std::rotate(configured, configured + 1, workers_.end());
  } else if (default_on) {
    workers_.push_back(built_in_default());
  }
  if (!workers_.empty() && is_default(workers_.back())) {
    if (default_on)
      default_index_ = workers_.size() - 1;
    else
      workers_.pop_back();
  }
  for (Worker& worker : workers_) worker.definition = definition_of(worker);
  const auto watch = std::find_if(workers_.begin(), workers_.end(), watches_senders);
  sender_watch_.reset();
  if (watch != workers_.end())
    sender_watch_ = WorkerRef{static_cast<uint32_t>(watch - workers_.begin())};
  std::stable_sort(marks_.begin(), marks_.end(),
                   [](const Mark& a, const Mark& b) { return a.from < b.from; });
}

std::optional<WorkerRef> WorkerSet::find(std::string_view id) const {
  for (size_t i = 0; i < workers_.size(); ++i)
    if (workers_[i].id == id) return WorkerRef{static_cast<uint32_t>(i)};
  return std::nullopt;
}

std::vector<WorkerRef> WorkerSet::testing(const Labels& labels) const {
  std::vector<WorkerRef> found;
  bool tested = false;  // what only stands behind the other of a pair is not
  for (size_t i = 0; i < workers_.size(); ++i) {
    if (i == default_index_ || !workers_[i].selects(labels)) continue;
    found.push_back(WorkerRef{static_cast<uint32_t>(i)});
    tested = tested || !workers_[i].is_behind(labels);
  }
  if (!tested && default_index_ && workers_[*default_index_].selects(labels))
    found.push_back(WorkerRef{static_cast<uint32_t>(*default_index_)});
  return found;
}

const calendar::Zone& WorkerSet::zone(const Labels& labels) const {
  const auto found = zones_.find(labels.get(site_label_));
  return found == zones_.end() ? utc_ : found->second;
}

Local WorkerSet::local(const Labels& labels) const {
  Local out{zone(labels), nullptr};
  const auto found = calendars_.by_site.find(labels.get(site_label_));
  if (found != calendars_.by_site.end()) out.calendar = found->second;
  return out;
}

const calendar::DayCalendar* WorkerSet::calendar_of(const ModelSpec& model,
                                                    const Labels& labels) const {
  if (model.calendar != nullptr) return model.calendar.get();
  return model.site_calendar ? local(labels).calendar.get() : nullptr;
}

uint64_t WorkerSet::extra_shards(const Labels& labels, uint32_t shards) const {
  if (shards <= 1) return 0;
  uint64_t extra = 0;
  for (const WorkerRef ref : testing(labels))
    if (worker(ref).aggregate)
      extra |= uint64_t{1} << (judged_labels(worker(ref), labels).hash() % shards);
  return extra & ~(uint64_t{1} << (labels.hash() % shards));
}

}  // namespace tocsin::streamer
