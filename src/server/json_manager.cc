#include "server/json_manager.h"

#include "server/json.h"

namespace tocsin::server {

namespace {

void write_strings(JsonWriter& json, std::string_view key, const std::vector<std::string>& list) {
  json.key(key).begin_array();
  for (const std::string& text : list) json.string(text);
  json.end_array();
}
void write_numbers(JsonWriter& json, std::string_view key, const std::vector<double>& list) {
  json.key(key).begin_array();
  for (const double number : list) json.number(number);
  json.end_array();
}

void write_part(JsonWriter& json, const QualityView::Part& part) {
  const models::Quality& quality = part.quality;
  json.begin_object()
      .member("name", part.name)
      .member("kind", part.kind)
      .member("points", quality.points)
      .member("known", quality.known())
      .member("words", quality.words)
      .member("white", quality.white)
      .member("stationary", quality.stationary)
      .member("log_likelihood", quality.log_likelihood)
      .member("left_over", part.left_over)
      .member("ljung_box", quality.ljung_box)
      .member("ljung_box_p", quality.ljung_box_p)
      .member("kpss", quality.kpss)
      .member("spread_ratio", quality.spread_ratio)
      .member("outside", quality.outside);
  write_numbers(json, "autocorrelation", quality.autocorrelation);
  json.key("histogram").begin_array();
  for (const models::Bar& bar : part.bars)
    json.begin_array()
        .number(bar.from)
        .number(bar.to)
        .integer(static_cast<int64_t>(bar.count))
        .number(bar.fitted)
        .end_array();
  json.end_array().end_object();
}

}  // namespace

void write_definition(JsonWriter& json, const WorkerDefinition& view) {
  json.begin_object().member("id", view.id).member("place", view.place);
  write_text_or_null(json, "why_not", view.why_not);
  json.member("strategy", view.strategy)
      .member("opens", view.opens)
      .member("score", view.score)
      .member("deviation_absolute", view.deviation_absolute)
      .member("deviation_relative", view.deviation_relative);
  write_strings(json, "select", view.select);
  json.key("models").begin_array();
  for (const WorkerDefinition::Model& model : view.models) {
    json.begin_object()
        .member("kind", model.kind)
        .member("name", model.name)
        .member("detail", model.detail)
        .member("weight", model.weight)
        .member("draws_band", model.draws_band);
    write_numbers(json, "periods", model.periods);
    write_strings(json, "curves", model.curves);
    json.end_object();
  }
  json.end_array().end_object();
}

void write_preview(JsonWriter& json, const PreviewView& view) {
  json.begin_object();
  write_text_or_null(json, "file", view.file);
  json.member("text", view.text)
      .member("diff", view.diff)
      .member("base_hash", view.base_hash)
      .key("before");
  write_band(json, view.before);
  json.key("after");
  write_band(json, view.after);
  json.key("weeks").begin_array();
  for (const PreviewView::Week& week : view.weeks)
    json.begin_object()
        .member("from", week.from.ms)
        .member("to", week.to.ms)
        .member("before", week.before)
        .member("after", week.after)
        .end_object();
  json.end_array().key("series").begin_array();
  for (const PreviewView::Series& one : view.series) {
    json.begin_object().key("series");
    write_series(json, one.labels);
    json.member("points", one.points)
        .member("before", one.before)
        .member("after", one.after)
        .end_object();
  }
  json.end_array().end_object();
}

void write_quality(JsonWriter& json, const QualityView& view) {
  json.begin_object().key("series");
  write_series(json, view.series);
  json.member("score", view.score).member("cadence_s", view.cadence_s);
  json.key("parts").begin_array();
  for (const QualityView::Part& part : view.parts) write_part(json, part);
  json.end_array().end_object();
}

void write_proposals(JsonWriter& json, const ProposalsView& view) {
  json.begin_object().key("series");
  write_series(json, view.series);
  json.member("points", view.points);
  write_time(json, "from", view.from);
  write_time(json, "scored_from", view.scored_from);
  json.member("words", view.words).key("proposals").begin_array();
  for (const ProposalsView::Row& row : view.rows) {
    json.begin_object()
        .member("name", row.name)
        .member("current", row.current)
        .member("learned", row.learned)
        .member("guarded", row.guarded)
        .member("rank", row.rank)
        .member("log_likelihood", row.log_likelihood)
        .member("left_over", row.left_over)
        .member("violations_per_week", row.violations_per_week)
        .member("white", row.white)
        .member("stationary", row.stationary)
        .member("why", row.why);
    write_strings(json, "models", row.models);
    json.end_object();
  }
  json.end_array().end_object();
}

}  // namespace tocsin::server
