// Reads workers, marks and sites from YAML. The texts are the configuration reference.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "config/folder.h"
#include "config/reader.h"
#include "models/kinds.h"
#include "streamer/worker.h"

namespace tocsin::streamer {
namespace {

using config::Folder;
using config::MapReader;
using config::Problems;

constexpr size_t kWorkersMax = 4096;
constexpr size_t kModelsMax = 8;
constexpr int64_t kOpenOfMax = 8;
constexpr DurationMs kEvidenceAcceptAfter = hours(6);
constexpr DurationMs kMinDurationMax = hours(6);
constexpr double kNoiseMin = 0.01, kNoiseMax = 100;  // per series-week

std::vector<SeriesSelector> read_selectors(MapReader& m, std::string_view key,
                                           std::string_view doc) {
  std::vector<SeriesSelector> out;
  const auto texts = m.value<std::vector<std::string>>(key, {}, doc);
  for (size_t i = 0; i < texts.size(); ++i) {
    auto selector = SeriesSelector::parse(texts[i]);
    if (selector)
      out.push_back(std::move(*selector));
    else
      m.problem(key, i, selector.error().message);
  }
  return out;
}

void check_not_negative(MapReader& m, std::string_view key, double value) {
  if (!m.describing() && !(value >= 0)) m.problem(key, "must not be negative");
}

// "level: running level and spread. profile: ...", from the kinds themselves.
std::string kinds_doc() {
  std::string out;
  for (const Kind& kind : kinds())
    out += fmt::format("{}{}: {}.", out.empty() ? "" : " ", kind.name, kind.doc);
  return out;
}

ModelSpec model_of(ModelKind kind) {
  ModelSpec out;
  out.kind = kind;
  out.name = to_text(kind);
  return out;
}

bool has_two(const Worker& worker, ModelKind kind) {
  return std::count_if(worker.models.begin(), worker.models.end(),
                       [&](const ModelSpec& model) { return model.kind == kind; }) > 1;
}

// One model of a kind, but for thresholds, and for profiles of different seasons.
void add_model(MapReader& m, ModelSpec model, Worker& worker) {
  if (const auto second = std::exchange(model.second_season, std::nullopt)) {
    ModelSpec other = model;
    model.weight /= 2;
    other.weight /= 2;
    other.season = *second;
    const auto season_name = [](ModelSpec& one) {
      one.name += one.season == calendar::Season::kDay ? " day" : " week";
    };
    season_name(model);
    season_name(other);
    add_model(m, std::move(model), worker);
    return add_model(m, std::move(other), worker);
  }
  const ModelSpec* other = worker.model(model.kind);
  const bool other_season = model.kind == ModelKind::kProfile && other != nullptr &&
                            other->season != model.season && !has_two(worker, model.kind);
  if (other_season && model.name == to_text(model.kind))
    model.name += model.season == calendar::Season::kDay ? " day" : " week";
  if (!m.describing() && model.kind != ModelKind::kThreshold && other != nullptr && !other_season)
    m.problem("kind", fmt::format("worker \"{}\" has two models of kind {}; one is possible",
                                  worker.id, to_text(model.kind)));
  worker.models.push_back(std::move(model));
}

void read_model(MapReader& m, const Calendars& calendars, size_t listed, Worker& worker) {
  std::vector<std::string_view> names;
  for (const Kind& kind : kinds()) names.push_back(kind.name);
  ModelSpec model;
  model.listed = listed;
  model.kind = kinds()[m.choice("kind", names, "", kinds_doc())].kind;
  model.name = m.optional<std::string>("name", "As shown; its kind if left out.")
                   .value_or(std::string(to_text(model.kind)));
  model.weight = m.value<double>(
      "weight", 1,
      "Share in the weighted band; 0 switches the model off. threshold and silence vote on their "
      "own: any weight above 0 switches them on.");
  check_not_negative(m, "weight", model.weight);
  for (const Kind& kind : kinds())
    if (kind.read != nullptr) kind.read(m, model);
  if (!m.describing()) resolve_calendar(m, calendars, model);
  if (model.kind == ModelKind::kAuto && !model.numbers.contains("novelty"))
    model.numbers["novelty"] = worker.tier == Tier::kKpi;
  if (m.refused("kind")) return;  // it is none of the kinds it could be checked against
  add_model(m, std::move(model), worker);
}

// `models: auto` is short for a list of that one model.
void read_models(MapReader& m, const Calendars& calendars, Worker& worker) {
  constexpr std::string_view kDoc =
      "What says what is normal; level if left out. `models: auto` is short for [{kind: auto}].";
  if (!m.describing() && m.is_word("models")) {
    const auto word = m.value<std::string>("models", "", kDoc);
    if (word != to_text(ModelKind::kAuto))
      m.problem("models", "is a list of models, such as [{kind: level}], or the word auto");
    worker.models = {model_of(ModelKind::kAuto)};
    worker.models[0].numbers["novelty"] = worker.tier == Tier::kKpi;
    return;
  }
  size_t listed = 0;
  const size_t models = m.list("models", "model", kDoc, [&](MapReader& model) {
    read_model(model, calendars, listed++, worker);
  });
  if (models == 0 && !m.has("models")) worker.models = {model_of(ModelKind::kLevel)};
}

bool read_op(const std::string& text, Aggregate& out) {
  constexpr std::string_view names[] = {"sum", "mean", "min", "max", "count"};
  out.op_text = text;
  for (size_t i = 0; i < std::size(names); ++i) {
    if (text != names[i]) continue;
    out.op = static_cast<AggregateOp>(i);
    return true;
  }
  const auto percent =
      text.starts_with('p') ? parse_int(std::string_view(text).substr(1)) : std::nullopt;
  if (!percent || *percent < 1 || *percent > 99) return false;
  out.op = AggregateOp::kQuantile;
  out.quantile = static_cast<double>(*percent) / 100;
  return true;
}

void read_aggregate(MapReader& m, Worker& worker) {
  Aggregate aggregate;
  const auto op = m.required<std::string>("op", "sum, mean, min, max, count, or p1 to p99.");
  if (!m.describing() && !op.empty() && !read_op(op, aggregate))
    m.problem("op",
              fmt::format("expected sum, mean, min, max, count or p1 to p99, not \"{}\"", op));
  aggregate.by =
      m.value<std::vector<std::string>>("by", {}, "Labels that are kept: one group per value.");
  aggregate.every = m.value<DurationMs>(
      "every", seconds(10),
      "Length of a slot; a slot closes when all known members reported, or at the watermark.");
  aggregate.name = m.value<std::string>("name", "", "Name of the result; NAME:OP if left out.");
  if (!m.describing() && (aggregate.every < seconds(1) || aggregate.every > hours(1)))
    m.problem("every", "must be between 1s and 1h");
  worker.aggregate = std::move(aggregate);
}

// The name of all that a ratio's worker selects; empty if they have not one name.
std::string one_name(const Worker& worker) {
  std::string name;
  for (const SeriesSelector& one : worker.select) {
    const auto& matchers = one.matchers();
    const bool named = !matchers.empty() && matchers[0].label() == kNameLabel &&
                       matchers[0].op() == LabelMatcher::Op::kEqual;
    if (!named || (!name.empty() && matchers[0].value() != name)) return "";
    name = matchers[0].value();
  }
  return name;
}

const ModelSpec* forecast_of_pairs(const Worker& worker) {
  for (const ModelSpec& model : worker.models)
    if (model.kind == ModelKind::kForecast && model.weight > 0 &&
        model.texts.contains("throughput"))
      return &model;
  return nullptr;
}

// A model of two series makes its worker judge them together, slot by slot: ratio their quotient, a
// forecast with throughput the demand.
void make_pair(MapReader& m, Worker& worker) {
  const ModelSpec* ratio = worker.model(ModelKind::kRatio);
  const ModelSpec* forecast = forecast_of_pairs(worker);
  const ModelSpec* model = ratio != nullptr ? ratio : forecast;
  if (m.describing() || model == nullptr) return;
  const std::string what = ratio != nullptr ? "a model ratio" : "a forecast with throughput";
  if (ratio != nullptr && forecast != nullptr)
    m.problem("models", "a worker has ratio or a forecast with throughput, not both");
  if (worker.aggregate) m.problem("aggregate", "a worker with " + what + " has none of its own");
  Aggregate out;
  out.op = ratio != nullptr ? AggregateOp::kRatio : AggregateOp::kDemand;
  out.op_text = ratio != nullptr ? "ratio" : "demand";
  out.selected = one_name(worker);
  const auto behind = model->texts.find(ratio != nullptr ? "of" : "throughput");
  out.behind = behind == model->texts.end() ? "" : behind->second;
  out.every = DurationMs{static_cast<int64_t>(model->number("every", 60'000))};
  out.selected_zero = worker.missing == Missing::kZero;
  out.queue = model->numbers.contains("demand_by_queue");
  if (out.selected.empty())
    m.problem("select", "a worker with " + what + " selects one series name, written in full");
  else if (out.selected == out.behind && ratio != nullptr)
    m.problem("models",
              fmt::format("ratio: {} of itself is always 1; of names the attempts", out.selected));
  else if (out.selected == out.behind)
    m.problem("models", fmt::format("forecast: {} is what the worker selects, the demand; "
                                    "throughput names what is done",
                                    out.selected));
  worker.aggregate = std::move(out);
}

// "2 of 3"
// What is new is so for one point only.
bool tells_once(const Worker& worker) {
  return worker.models.size() == 1 && worker.models[0].kind == ModelKind::kAuto &&
         worker.models[0].number("novelty", 0) > 0;
}

void read_opens(MapReader& m, Worker& worker) {
  const auto text = m.value<std::string>(
      "opens", "2 of 3",
      "A violation opens when n of the last m points lie outside on one side; m at most 8. It ends "
      "after m points in a row inside 0.8 of the band. 1 of 1 if the only model is auto with "
      "novelty.");
  const size_t middle = text.find(" of ");
  if (m.describing()) return;
  if (!m.has("opens") && tells_once(worker)) {
    worker.open_points = worker.open_of = 1;
    return;
  }
  const auto n = parse_int(std::string_view(text).substr(0, middle));
  const auto of = middle == std::string::npos
                      ? std::nullopt
                      : parse_int(std::string_view(text).substr(middle + 4));
  if (!n || !of || *n < 1 || *of < *n || *of > kOpenOfMax) {
    m.problem("opens", fmt::format("expected \"n of m\" with 1 <= n <= m <= 8, such as "
                                   "\"2 of 3\", not \"{}\"",
                                   text));
    return;
  }
  worker.open_points = static_cast<uint8_t>(*n);
  worker.open_of = static_cast<uint8_t>(*of);
}

void read_choices(MapReader& m, Worker& worker) {
  worker.tier = m.choice("tier", {"kpi", "evidence"}, "evidence",
                         "kpi series may lead to alerts; evidence series never page.") == 0
                    ? Tier::kKpi
                    : Tier::kEvidence;
  worker.transform = static_cast<Transform>(m.choice(
      "transform", {"auto", "none", "rate", "increase", "delta"}, "auto",
      "What is judged: rate (per second) and increase of a counter, resets handled; delta of a "
      "gauge. auto takes the rate of names that end in _total, _count, _sum or _bucket."));
  worker.strategy = static_cast<Strategy>(
      m.choice("strategy", {"weighted", "majority", "any", "all", "best"}, "weighted",
               "How band models are weighed: their weighted mean band; the vote of their own bands "
               "(majority by weight, any, all); or the narrowest band."));
  worker.missing = static_cast<Missing>(m.choice(
      "missing", {"unknown", "zero", "violation"}, "unknown",
      "What no data means: unknown (the series is absent), a zero per cadence (a counter of errors "
      "that exists only after an error), or a violation."));
}

void read_noise(MapReader& m, Worker& worker) {
  const auto text = m.optional<std::string>(
      "noise",
      "How many violations of a healthy series are acceptable, per series, such as `1 per week`: "
      "the "
      "edge of each band follows its series' tail so that they come as often. Left out, the edge "
      "stays at `score`.");
  if (!text) return;
  worker.noise = Frequency::parse(*text);
  if (!worker.noise)
    m.problem("noise", fmt::format("expected \"COUNT per SPAN\" such as \"1 per week\" or \"2 per "
                                   "30d\", not \"{}\"",
                                   *text));
  else if (!(worker.noise->per_week() >= kNoiseMin && worker.noise->per_week() <= kNoiseMax))
    m.problem("noise",
              fmt::format("must be between {} and {} per week: rarer is beyond what a tail "
                          "of weeks can tell, more often is no longer noise",
                          kNoiseMin, kNoiseMax));
}

void read_limits(MapReader& m, Worker& worker) {
  m.map("min_deviation", "min_deviation",
        "The band is never narrower than this around the expected value.", [&](MapReader& d) {
          worker.deviation_absolute = d.value<double>("absolute", 0, "In the unit of the series.");
          worker.deviation_relative =
              d.value<double>("relative", 0.01, "As a share of the expected value.");
          check_not_negative(d, "absolute", worker.deviation_absolute);
          check_not_negative(d, "relative", worker.deviation_relative);
        });
  worker.min_duration = m.value<DurationMs>("min_duration", {},
                                            "A violation opens only when points were outside for "
                                            "so long, by event time, besides `opens`.");
  if (worker.min_duration.count < 0 || worker.min_duration > kMinDurationMax)
    m.problem("min_duration", "must be between 0s and 6h");
  read_noise(m, worker);
  worker.lateness = m.value<DurationMs>(
      "lateness", seconds(60),
      "How far points may be out of order or ahead of their arrival before it matters.");
  worker.score = m.value<double>(
      "score", 4, "Where the edge of the band lies: -log10 of the tail probability there.");
  if (!m.describing() && !(worker.score >= 1 && worker.score <= 12))
    m.problem("score", "must be between 1 and 12");
  const bool evidence = worker.tier == Tier::kEvidence;
  worker.accept_after = m.value<DurationMs>(
      "accept_after", evidence ? kEvidenceAcceptAfter : DurationMs{},
      "A violation that stays open for so long becomes the new normal; 0 = never, which is the "
      "standard of the kpi tier.");
}

void read_worker(MapReader& m, const Calendars& calendars, Worker& worker) {
  worker.id = m.required<std::string>("id", "Unique name.");
  worker.place = m.describing() ? "" : m.place().file_line();
  worker.select = read_selectors(
      m, "select",
      "Series it tests: one selector or several, such as payments_*{site=~\"m.*\"}. Required but "
      "for the worker called default.");
  if (!m.describing() && worker.select.empty() && !m.has("select")) {
    if (worker.id == "default")
      worker.select = {*SeriesSelector::make("*", {})};
    else
      m.problem("select", fmt::format("worker \"{}\" selects nothing; give select: * for every "
                                      "series",
                                      worker.id));
  }
  read_choices(m, worker);
  m.map("aggregate", "aggregate", "Judge a value over many series instead of each.",
        [&](MapReader& a) { read_aggregate(a, worker); });
  read_models(m, calendars, worker);
  make_pair(m, worker);
  if (worker.models.size() > kModelsMax) m.problem("models", "at most 8 models per worker");
  read_opens(m, worker);
  read_limits(m, worker);
}

void read_mark(MapReader& m, Mark& mark) {
  mark.from = m.required<TimeMs>("from", "Begin, ISO 8601.");
  mark.to = m.required<TimeMs>("to", "End, ISO 8601; not included.");
  mark.why = m.required<std::string>("why", "What happened: performance test, maintenance, ...");
  mark.match = read_selectors(m, "match", "Series it is about; every series if left out.");
  if (!m.describing() && mark.from.ms != 0 && mark.to.ms != 0 && !(mark.from < mark.to))
    m.problem("to", "a mark must end after it begins");
}

struct Sites {
  std::string label = "site";
  std::map<std::string, std::string> zones;
};

void read_sites(MapReader& m, Sites& sites, Calendars& calendars,
                std::map<std::string, calendar::Zone, std::less<>>& out) {
  sites.label = m.value<std::string>(
      "label", "site", "The label that names the part of the business a series belongs to.");
  sites.zones = m.value<std::map<std::string, std::string>>(
      "zones", {}, "Site -> IANA zone of its wall clock, such as Europe/Madrid; UTC if left out.");
  read_site_calendars(m, calendars);
  if (m.describing()) return;
  for (const auto& [site, name] : sites.zones) {
    auto zone = calendar::Zone::find(name);
    if (zone)
      out.emplace(site, std::move(*zone));
    else
      m.problem("zones", site, zone.error().message);
  }
}

// `default: off` at the top level of a file.
bool read_default(const Folder& folder, Problems& problems) {
  bool on = true;
  for (const config::Node& node : folder.section("default")) {
    const std::string text = node.scalar();
    if (text == "off" || text == "false")
      on = false;
    else if (text != "on" && text != "true")
      problems.add(node.place(),
                   fmt::format("default: expected on or off, not \"{}\"", node.excerpt()));
  }
  return on;
}

}  // namespace

std::shared_ptr<const WorkerSet> WorkerSet::read(const Folder& folder, Problems& problems) {
  auto set = std::make_shared<WorkerSet>();
  set->workers_.clear();
  set->calendars_.by_name = read_calendars(folder, problems);
  Sites sites;
  folder.single("sites", "sites", problems,
                [&](MapReader& m) { read_sites(m, sites, set->calendars_, set->zones_); });
  set->site_label_ = sites.label;
  set->site_zones_ = sites.zones;
  std::set<std::string> ids;
  folder.for_each("workers", "worker", problems, [&](MapReader& m) {
    Worker worker;
    read_worker(m, set->calendars_, worker);
    if (!worker.id.empty() && !ids.insert(worker.id).second)
      m.problem("id", fmt::format("two workers are called \"{}\"; ids are unique", worker.id));
    if (set->workers_.size() == kWorkersMax)
      m.problem("id", fmt::format("more than {} workers", kWorkersMax));
    else if (set->workers_.size() < kWorkersMax)
      set->workers_.push_back(std::move(worker));
  });
  folder.for_each("marks", "mark", problems, [&](MapReader& m) {
    Mark mark;
    read_mark(m, mark);
    set->marks_.push_back(std::move(mark));
  });
  set->finish(read_default(folder, problems));
  return set;
}

void WorkerSet::describe(config::Reference& reference) {
  Problems problems;
  std::map<std::string, calendar::Zone, std::less<>> zones;
  Calendars calendars;
  const auto add = [&](std::string_view type, const MapReader::Each& each) {
    if (!reference.begin_type(type)) return;
    MapReader reader(reference, type, problems);
    each(reader);
  };
  add("worker", [&](MapReader& m) {
    Worker worker;
    read_worker(m, calendars, worker);
  });
  add("mark", [](MapReader& m) {
    Mark mark;
    read_mark(m, mark);
  });
  add("sites", [&](MapReader& m) {
    Sites sites;
    read_sites(m, sites, calendars, zones);
  });
  describe_calendars(reference);
}

}  // namespace tocsin::streamer
