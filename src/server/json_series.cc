#include "server/json.h"

namespace tocsin::server {

namespace {

std::string_view to_text(ViolationChange::What what) {
  switch (what) {
    case ViolationChange::What::kOpened:
      return "opened";
    case ViolationChange::What::kUpdated:
      return "updated";
    case ViolationChange::What::kAbsent:
      return "absent";
    case ViolationChange::What::kEnded:
      return "ended";
  }
  return "?";
}

void write_rows(JsonWriter& json, const std::vector<BandView::Row>& rows) {
  json.begin_array();
  for (const BandView::Row& row : rows)
    json.begin_array()
        .integer(row.time.ms)
        .number(row.expected)
        .number(row.lower)
        .number(row.upper)
        .end_array();
  json.end_array();
}

void write_worker_members(JsonWriter& json, const WorkerView& worker) {
  json.member("id", worker.id)
      .member("place", worker.place)
      .member("tier", tocsin::to_text(worker.tier))
      .member("selects", worker.selects);
}

void write_worker_counts(JsonWriter& json, const WorkerView& worker) {
  json.member("guarded", worker.guarded)
      .member("learning", worker.learning)
      .member("absent", worker.absent)
      .member("open", worker.open)
      .member("violations_7d", worker.violations_7d);
}

void write_worker_series(JsonWriter& json, const WorkerDetails::Series& series) {
  json.begin_object().key("series");
  write_series(json, series.labels);
  json.member("state", to_text(series.state));
  write_text_or_null(json, "direction", series.direction ? tocsin::to_text(*series.direction) : "");
  json.member("change", series.change);
  write_text_or_null(json, "severity", series.severity ? tocsin::to_text(*series.severity) : "");
  write_time(json, "guarded_from", series.guarded_from);
  json.member("learned", series.learned).key("points");
  write_points(json, series.points);
  json.end_object();
}

// What models that vote on their own found out: since when a shift lasts, when a limit is reached.
void write_findings(JsonWriter& json, const Violation& violation) {
  json.key("shift");
  if (const auto& shift = violation.shift) {
    json.begin_object();
    write_time(json, "since", shift->since);
    json.member("before", shift->before).member("after", shift->after).end_object();
  } else {
    json.null();
  }
  json.key("outlook");
  const auto& outlook = violation.outlook;
  if (!outlook) {
    json.null();
    return;
  }
  const auto span = [&](std::string_view key, DurationMs left) {
    json.key(key);
    if (left == Outlook::kNever)
      json.null();
    else
      json.integer(left.count);
  };
  json.begin_object().member("limit", outlook->limit);
  span("expected_ms", outlook->expected);
  span("earliest_ms", outlook->earliest);
  span("latest_ms", outlook->latest);
  json.end_object();
}

void write_calendar(JsonWriter& json, const WorkerDetails::Calendar& calendar) {
  const auto texts = [&](std::string_view key, const std::vector<std::string>& all) {
    json.key(key).begin_array();
    for (const std::string& one : all) json.string(one);
    json.end_array();
  };
  json.begin_object().member("name", calendar.name);
  write_text_or_null(json, "zone", calendar.zone);
  json.member("business_days", calendar.business_days)
      .member("today", calendar.today)
      .member("today_class", calendar.today_class);
  texts("sites", calendar.sites);
  texts("classes", calendar.classes);
  json.key("days").begin_array();
  for (const auto& day : calendar.days)
    json.begin_object()
        .member("date", day.date)
        .member("class", day.day_class)
        .member("name", day.name)
        .member("source", day.source)
        .end_object();
  json.end_array().end_object();
}

}  // namespace

void write_series(JsonWriter& json, const Labels& labels) {
  json.begin_object().member("name", labels.name()).key("labels").begin_object();
  for (const auto& [name, value] : labels.pairs())
    if (name != kNameLabel) json.member(name, value);
  json.end_object().member("text", labels.text()).end_object();
}

void write_time(JsonWriter& json, std::string_view key, TimeMs time) {
  json.key(key);
  if (time.ms == 0)
    json.null();
  else
    json.integer(time.ms);
}

void write_text_or_null(JsonWriter& json, std::string_view key, std::string_view text) {
  json.key(key);
  if (text.empty())
    json.null();
  else
    json.string(text);
}

void write_points(JsonWriter& json, const std::vector<BandPoint>& points) {
  json.begin_array();
  for (const BandPoint& point : points)
    json.begin_array()
        .integer(point.time.ms)
        .number(point.value)
        .number(point.lower)
        .number(point.upper)
        .end_array();
  json.end_array();
}

void write_points(JsonWriter& json, const std::vector<TimeValue>& points) {
  json.begin_array();
  for (const auto& [time, value] : points)
    json.begin_array().integer(time.ms).number(value).end_array();
  json.end_array();
}

std::string_view to_text(GuardState state) {
  switch (state) {
    case GuardState::kGuarded:
      return "guarded";
    case GuardState::kLearning:
      return "learning";
    case GuardState::kAbsent:
      return "absent";
    case GuardState::kOpen:
      return "open";
  }
  return "?";
}

void write_violation_row(JsonWriter& json, const ViolationRow& row) {
  const Violation& violation = row.violation;
  json.begin_object().member("id", tocsin::to_text(violation.id));
  write_time(json, "time", row.time);
  json.key("series");
  write_series(json, row.labels);
  json.member("worker", row.worker)
      .member("tier", tocsin::to_text(violation.tier))
      .member("direction", tocsin::to_text(violation.direction))
      .member("state", tocsin::to_text(violation.state))
      .member("what", to_text(row.what))
      .member("value", violation.last.value)
      .member("expected", violation.last.expected)
      .member("lower", violation.last.lower)
      .member("upper", violation.last.upper)
      .member("score", violation.last.score)
      .member("distance", violation.last.distance)
      .member("points_outside", violation.points_outside)
      .member("asks", row.asks);
  write_text_or_null(json, "answer", tocsin::to_text(violation.answer));
  write_time(json, "opened_at", violation.opened);
  write_findings(json, violation);
  json.key("rules").begin_array();
  for (const std::string& rule : row.rules) json.string(rule);
  json.end_array();
  write_text_or_null(json, "alert", row.alert ? tocsin::to_text(*row.alert) : "");
  json.end_object();
}

void write_series_row(JsonWriter& json, const SeriesRow& row) {
  json.begin_object().key("series");
  write_series(json, row.labels);
  json.key("tests").begin_array();
  for (const SeriesRow::Test& test : row.tests) {
    json.begin_object()
        .member("worker", test.worker)
        .member("tier", tocsin::to_text(test.tier))
        .member("state", to_text(test.state));
    write_time(json, "guarded_from", test.guarded_from);
    json.end_object();
  }
  json.end_array().key("last");
  if (row.last)
    json.begin_array().integer(row.last->first.ms).number(row.last->second).end_array();
  else
    json.null();
  json.end_object();
}

void write_range(JsonWriter& json, const RangeView& range) {
  json.begin_object().key("series").begin_array();
  for (const SeriesPoints& series : range.series) {
    json.begin_object().key("series");
    write_series(json, series.labels);
    json.key("points");
    write_points(json, series.points);
    json.end_object();
  }
  json.end_array().member("reduced", range.reduced).member("more", range.more).end_object();
}

void write_latest(JsonWriter& json, const LatestRow& row) {
  json.begin_object().key("series");
  write_series(json, row.labels);
  write_time(json, "time", row.time);
  json.member("value", row.value).end_object();
}

void write_band(JsonWriter& json, const BandView& band) {
  json.begin_object().key("series");
  write_series(json, band.series);
  json.member("worker", band.worker).key("points");
  write_points(json, band.points);
  json.key("band");
  write_rows(json, band.band);
  json.key("models").begin_array();
  for (const BandView::Model& model : band.models) {
    json.begin_object()
        .member("name", model.name)
        .member("kind", model.kind)
        .member("weight", model.weight)
        .key("band");
    write_rows(json, model.band);
    json.end_object();
  }
  json.end_array().key("residual");
  write_points(json, band.residual);
  json.key("violations").begin_array();
  for (const BandView::Span& span : band.violations) {
    json.begin_object();
    write_time(json, "from", span.from);
    write_time(json, "to", span.to);
    json.member("direction", tocsin::to_text(span.direction))
        .member("worst", span.worst)
        .end_object();
  }
  json.end_array().key("excluded").begin_array();
  for (const BandView::Excluded& span : band.excluded) {
    json.begin_object();
    write_time(json, "from", span.from);
    write_time(json, "to", span.to);
    json.member("why", span.why).end_object();
  }
  json.end_array().end_object();
}

void write_worker(JsonWriter& json, const WorkerView& worker) {
  json.begin_object();
  write_worker_members(json, worker);
  json.member("series", worker.series);
  write_worker_counts(json, worker);
  json.end_object();
}

// Here `series` is the list; their number is its length.
void write_worker_details(JsonWriter& json, const WorkerDetails& details) {
  json.begin_object();
  write_worker_members(json, details.worker);
  write_worker_counts(json, details.worker);
  json.key("models").begin_array();
  for (const WorkerDetails::Model& model : details.models)
    json.begin_object()
        .member("name", model.name)
        .member("kind", model.kind)
        .member("weight", model.weight)
        .member("detail", model.detail)
        .end_object();
  json.end_array().member("strategy", details.strategy).key("series").begin_array();
  for (const WorkerDetails::Series& series : details.series) write_worker_series(json, series);
  json.end_array().key("marks").begin_array();
  for (const WorkerDetails::Mark& mark : details.marks) {
    json.begin_object();
    write_time(json, "from", mark.from);
    write_time(json, "to", mark.to);
    json.member("why", mark.why).member("selects", mark.selects).end_object();
  }
  json.end_array().key("calendars").begin_array();
  for (const WorkerDetails::Calendar& calendar : details.calendars) write_calendar(json, calendar);
  json.end_array().end_object();
}

}  // namespace tocsin::server
