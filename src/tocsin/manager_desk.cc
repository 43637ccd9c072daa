#include "tocsin/manager_desk.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/kinds.h"
#include "streamer/class_history.h"
#include "streamer/propose.h"
#include "tocsin/band_view.h"
#include "tocsin/builtin.h"
#include "tocsin/config_diff.h"
#include "tocsin/worker_edit.h"

namespace tocsin {
namespace {

using server::PreviewQuery;
using server::PreviewView;
using server::ProposalsView;
using server::QualityView;
using server::QueryContext;
using server::WorkerDefinition;
using streamer::DrawnPoint;
using streamer::WorkerSet;

constexpr DurationMs kWarmUp = days(35);  // a profile's four weeks and a bit
constexpr DurationMs kWeek = days(7);
constexpr DurationMs kProposalHistory = days(63), kProposalScored = days(28);

struct SetWorker {
  std::shared_ptr<const WorkerSet> set;
  WorkerRef ref;
  const streamer::Worker& worker() const { return set->worker(ref); }
};

std::optional<SetWorker> find_worker(const std::shared_ptr<const WorkerSet>& set,
                                     const std::string& id) {
  const auto ref = set->find(id);
  if (!ref) return std::nullopt;
  return SetWorker{set, *ref};
}

// Empty without points; an error if there are too many.
Result<std::vector<DrawnPoint>> points_of(QueryContext& context, const Labels& labels, TimeMs from,
                                          TimeMs to) {
  std::vector<LabelMatcher> matchers;
  for (const auto& [name, value] : labels.pairs()) {
    auto matcher =
        LabelMatcher::make(std::string(name), LabelMatcher::Op::kEqual, std::string(value));
    if (!matcher) return fail(matcher.error());
    matchers.push_back(std::move(*matcher));
  }
  const auto found = context.source().select(matchers, from, to, {}, kManagerPointsMax);
  if (!found) return fail(found.error());
  std::vector<DrawnPoint> out;
  for (const promql::SourceSeries& one : found->series)
    if (*one.labels == labels)
      for (const Sample& sample : one.samples) out.push_back({sample.time, sample.value});
  return out;
}

// What a worker's models want to see to judge [from, to): some weeks before it, and the days of the
// far past that they know classes by. `also`: another version of the worker.
Result<std::vector<DrawnPoint>> points_to_judge(QueryContext& context, const SetWorker& of,
                                                const SetWorker& also, const Labels& labels,
                                                TimeMs from, TimeMs to) {
  const TimeMs begin = from - kWarmUp;
  std::vector<streamer::TimeSpan> spans;
  for (const SetWorker* one : {&of, &also}) {
    const auto days = streamer::class_days(one->worker(), one->set->local(labels), begin);
    spans.insert(spans.end(), days.begin(), days.end());
  }
  spans = streamer::joined(std::move(spans), begin);
  spans.push_back({begin, to + milliseconds(1)});
  std::vector<DrawnPoint> out;
  for (const streamer::TimeSpan& span : spans) {
    const auto read = points_of(context, labels, span.from, span.to - milliseconds(1));
    if (!read) return fail(read.error());
    out.insert(out.end(), read->begin(), read->end());
  }
  return out;
}

WorkerDefinition definition_of(const streamer::Worker& worker) {
  WorkerDefinition out;
  out.id = worker.id;
  out.place = worker.place;
  if (is_builtin(worker.place))
    out.why_not = "it is built in: Tocsin's watch over itself has no settings here";
  out.strategy = streamer::to_text(worker.strategy);
  out.opens = fmt::format("{} of {}", worker.open_points, worker.open_of);
  out.score = worker.score;
  out.deviation_absolute = worker.deviation_absolute;
  out.deviation_relative = worker.deviation_relative;
  for (const SeriesSelector& selector : worker.select) out.select.push_back(selector.text());
  const std::vector<std::string> names = worker.model_names();
  size_t curve = 0;
  for (const streamer::ModelSpec& spec : worker.models) {
    WorkerDefinition::Model model;
    model.kind = models::to_text(spec.kind);
    model.name = spec.name;
    model.detail = models::says_of(spec);
    model.weight = spec.weight;
    model.draws_band =
        spec.kind != streamer::ModelKind::kThreshold && spec.kind != streamer::ModelKind::kSilence;
    if (spec.kind == streamer::ModelKind::kProfile) model.periods = spec.period_weights;
    for (size_t n = models::curves_of(spec); n > 0 && curve < names.size(); --n)
      model.curves.push_back(names[curve++]);
    out.models.push_back(std::move(model));
  }
  return out;
}

// ---- Preview

struct Edited {
  EditedFile file;
  SetWorker after;
  std::string diff;
};

Result<Edited> edit(const FileTexts& files, const std::string& id,
                    const server::WorkerChanges& changes) {
  auto file = edit_worker(files, id, changes);
  if (!file) return fail(file.error());
  FileTexts texts = files;
  const std::string before = texts[file->name];
  texts[file->name] = file->text;
  config::Problems problems;
  const auto set = WorkerSet::read(config::Folder::from_texts(texts, problems), problems);
  if (!problems.empty()) return fail(problems.error("changing worker " + id));
  const auto found = find_worker(set, id);
  if (!found) return fail(ErrorCode::kInternal, "changing worker " + id + ": it is gone");
  std::string diff = diff_texts(before, file->text).text;
  return Edited{std::move(*file), *found, std::move(diff)};
}

std::vector<PreviewView::Week> weeks_until(TimeMs to, uint32_t count) {
  std::vector<PreviewView::Week> out;
  for (uint32_t i = count; i > 0; --i)
    out.push_back(
        {to - kWeek * static_cast<int64_t>(i), to - kWeek * static_cast<int64_t>(i) + kWeek, 0, 0});
  return out;
}

// Violations that opened in each week; gives how many in all.
int64_t count_weeks(const streamer::Drawing& drawing, std::vector<PreviewView::Week>& weeks,
                    int64_t PreviewView::Week::* side) {
  int64_t out = 0;
  for (const streamer::DrawnViolation& one : drawing.violations)
    for (PreviewView::Week& week : weeks)
      if (week.from <= one.from && one.from < week.to) {
        ++(week.*side);
        ++out;
      }
  return out;
}

Result<std::optional<PreviewView>> preview_of(QueryContext& context, const FileTexts& files,
                                              const SetWorker& before, const PreviewQuery& query) {
  PreviewView out;
  SetWorker after = before;
  out.base_hash = hash_of(files);
  if (!query.changes.empty()) {
    auto edited = edit(files, query.worker, query.changes);
    if (!edited) return fail(edited.error());
    after = edited->after;
    out.file = edited->file.name;
    out.text = edited->file.text;
    out.diff = edited->diff;
  }
  out.weeks = weeks_until(query.to, query.weeks);
  const TimeMs first = std::min(query.from, out.weeks.front().from);
  const BandFrame frame{query.from, query.to, query.width};
  for (size_t i = 0; i < query.series.size(); ++i) {
    const Labels& labels = query.series[i];
    if (context.abandoned()) return fail(ErrorCode::kUnavailable, "nobody waits for the preview");
    const auto points = points_to_judge(context, before, after, labels, first, query.to);
    if (!points) return fail(points.error());
    const TimeMs models_from = i == 0 ? query.from : kTimeMax;
    const auto was = streamer::draw_band(*before.set, before.ref, labels, *points, models_from);
    const auto now = streamer::draw_band(*after.set, after.ref, labels, *points, models_from);
    PreviewView::Series row{labels, static_cast<int64_t>(points->size()), 0, 0};
    row.before = count_weeks(was, out.weeks, &PreviewView::Week::before);
    row.after = count_weeks(now, out.weeks, &PreviewView::Week::after);
    out.series.push_back(std::move(row));
    if (i > 0) continue;
    out.before = band_view(before.worker(), labels, was, frame);
    out.after = band_view(after.worker(), labels, now, frame);
  }
  return std::optional<PreviewView>(std::move(out));
}

// ---- Quality

double median_interval_s(const streamer::Drawing& drawing, TimeMs from) {
  std::vector<int64_t> steps;
  const auto& points = drawing.points;
  for (size_t i = 1; i < points.size(); ++i)
    if (points[i - 1].time >= from) steps.push_back((points[i].time - points[i - 1].time).count);
  if (steps.empty()) return server::kUnknown;
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return static_cast<double>(*middle) / 1000;
}

QualityView::Part part_of(std::string name, std::string kind,
                          const std::vector<models::Residual>& residuals, double score) {
  QualityView::Part out{std::move(name), std::move(kind), models::quality_of(residuals, score), 0,
                        models::histogram(residuals, score)};
  out.left_over = out.quality.left_over();
  return out;
}

Result<std::optional<QualityView>> quality_of(QueryContext& context, const SetWorker& of,
                                              const server::QualityQuery& query) {
  const auto points = points_to_judge(context, of, of, query.series, query.from, query.to);
  if (!points) return fail(points.error());
  if (points->empty()) return std::optional<QualityView>();
  const auto drawing = streamer::draw_band(*of.set, of.ref, query.series, *points, query.from);
  const streamer::Worker& worker = of.worker();
  QualityView out;
  out.series = query.series;
  out.score = worker.score;
  out.cadence_s = median_interval_s(drawing, query.from);
  out.parts.push_back(
      part_of("band", "", streamer::band_residuals(drawing, query.from), worker.score));
  const auto names = worker.model_names();
  const auto kinds = worker.model_kinds();
  for (uint32_t m = 0; m < names.size(); ++m) {
    if (kinds[m] == streamer::ModelKind::kThreshold || kinds[m] == streamer::ModelKind::kSilence)
      continue;
    out.parts.push_back(part_of(names[m], std::string(models::to_text(kinds[m])),
                                streamer::model_residuals(drawing, m, query.from), worker.score));
  }
  return std::optional<QualityView>(std::move(out));
}

// ---- Proposals

ProposalsView::Row row_of(const streamer::Proposal& proposal) {
  ProposalsView::Row out;
  out.name = proposal.current ? "the models of now" : proposal.models.name;
  out.models = proposal.models.models;
  out.current = proposal.current;
  out.learned = proposal.learned;
  out.guarded = proposal.guarded;
  out.violations_per_week = proposal.violations_per_week;
  out.why = proposal.why;
  if (!proposal.learned) return out;
  out.rank = proposal.rank;
  out.log_likelihood = proposal.quality.log_likelihood;
  out.left_over = proposal.quality.left_over();
  out.white = proposal.quality.white;
  out.stationary = proposal.quality.stationary;
  return out;
}

std::string words_of(const std::vector<streamer::Proposal>& proposals, size_t points) {
  if (proposals.empty() || !proposals.front().learned)
    return fmt::format("learning: {} points are not enough to compare models", points);
  const streamer::Proposal& best = proposals.front();
  if (best.current) return "the models of now are the best of those tried: " + best.why;
  return fmt::format("{} fits best: {}", best.models.name, best.why);
}

Result<std::optional<ProposalsView>> proposals_of(QueryContext& context, const FileTexts& files,
                                                  const SetWorker& of, const Labels& series,
                                                  TimeMs now) {
  const auto points = points_of(context, series, now - kProposalHistory, now);
  if (!points) return fail(points.error());
  if (points->empty()) return std::optional<ProposalsView>();
  ProposalsView out;
  out.series = series;
  out.points = static_cast<int64_t>(points->size());
  out.from = points->front().time;
  // The last third is for the comparison, the rest for learning.
  const DurationMs span = points->back().time - out.from;
  out.scored_from = points->back().time - std::min(kProposalScored, DurationMs{span.count / 3});
  std::vector<streamer::Candidate> candidates{{{"now", {}}, of.set, of.ref, true}};
  for (streamer::CandidateModels& models : streamer::candidate_models(*points)) {
    server::WorkerChanges changes;
    changes.models = models.models;
    auto edited = edit(files, of.worker().id, changes);
    if (!edited) return fail(edited.error());
    candidates.push_back({std::move(models), edited->after.set, edited->after.ref, false});
  }
  const auto proposals = streamer::propose_models(candidates, series, *points, out.scored_from);
  out.words = words_of(proposals, points->size());
  for (const streamer::Proposal& one : proposals) out.rows.push_back(row_of(one));
  return std::optional<ProposalsView>(std::move(out));
}

}  // namespace

template <class T>
void LiveManager::submit(Work<T> work, server::Done<std::optional<T>> done) {
  server::Queries::Job job;
  job.gone = [] { return false; };
  job.fail = [done](Error error) { done(fail(std::move(error))); };
  job.run = [work = std::move(work), done](QueryContext& context) { done(work(context)); };
  reads_.pool().submit(std::move(job));
}

void LiveManager::definition(std::string worker,
                             server::Done<std::optional<WorkerDefinition>> done) {
  const auto configuration = live_.configuration();
  const auto found = find_worker(configuration->workers, worker);
  if (!found) return done(std::optional<WorkerDefinition>());
  done(std::optional<WorkerDefinition>(definition_of(found->worker())));
}

void LiveManager::preview(PreviewQuery query, server::Done<std::optional<PreviewView>> done) {
  const auto configuration = live_.configuration();
  const auto found = find_worker(configuration->workers, query.worker);
  if (!found) return done(std::optional<PreviewView>());
  submit<PreviewView>(
      [configuration, before = *found, query = std::move(query)](QueryContext& context) {
        return preview_of(context, configuration->folder.files(), before, query);
      },
      std::move(done));
}

void LiveManager::quality(server::QualityQuery query,
                          server::Done<std::optional<QualityView>> done) {
  const auto found = find_worker(live_.configuration()->workers, query.worker);
  if (!found) return done(std::optional<QualityView>());
  submit<QualityView>([of = *found, query = std::move(query)](
                          QueryContext& context) { return quality_of(context, of, query); },
                      std::move(done));
}

void LiveManager::propose(std::string worker, Labels series,
                          server::Done<std::optional<ProposalsView>> done) {
  const auto configuration = live_.configuration();
  const auto found = find_worker(configuration->workers, worker);
  if (!found) return done(std::optional<ProposalsView>());
  submit<ProposalsView>(
      [configuration, of = *found, series = std::move(series),
       now = live_.clock().now()](QueryContext& context) {
        return proposals_of(context, configuration->folder.files(), of, series, now);
      },
      std::move(done));
}

}  // namespace tocsin
