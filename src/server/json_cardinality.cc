#include "server/json_cardinality.h"

#include "server/json.h"

namespace tocsin::server {
namespace {

using intake::CardinalityView;

template <class Counts>
void write_counts(JsonWriter& json, std::string_view key, const Counts& counts) {
  json.key(key).begin_array();
  for (const uint32_t count : counts) json.integer(count);
  json.end_array();
}

void write_growth(JsonWriter& json, const CardinalityView::Growth& growth) {
  json.key("growth").begin_object();
  json.member("last_hour", growth.last_hour).member("last_day", growth.last_day);
  write_counts(json, "hours", growth.hours);
  write_time(json, "began", growth.began);
  write_time(json, "last", growth.last);
  json.member("growing", growth.growing).end_object();
}

template <class Rows, class Write>
void write_rows(JsonWriter& json, std::string_view key, const Rows& rows, Write write) {
  json.key(key).begin_array();
  for (const auto& row : rows) {
    json.begin_object();
    write(row);
    json.end_object();
  }
  json.end_array();
}

void write_growers(JsonWriter& json, const CardinalityView& view) {
  write_rows(json, "labels", view.labels, [&](const CardinalityView::Label& row) {
    json.member("name", row.name).member("values", row.values).member("series", row.series);
    json.member("exact", row.exact).member("followed", row.followed);
    write_growth(json, row.growth);
  });
  write_rows(json, "values", view.values, [&](const CardinalityView::Value& row) {
    json.member("label", row.label).member("value", row.value).member("series", row.series);
    json.member("grew", row.grew);
    write_growth(json, row.growth);
  });
  write_rows(json, "senders", view.senders, [&](const CardinalityView::Sender& row) {
    json.member("name", row.name).member("series", row.series).member("grew", row.grew);
    write_growth(json, row.growth);
  });
}

void write_limits(JsonWriter& json, const CardinalityView& view) {
  write_rows(json, "limits", view.limits, [&](const CardinalityView::Limit& row) {
    json.member("label", row.label).member("most", row.most).member("values", row.values);
    json.member("fullest", row.fullest).member("refused", row.refused);
  });
  write_rows(json, "troubles", view.troubles, [&](const CardinalityView::Trouble& row) {
    json.member("label", row.label).member("value", row.value);
    json.member("most", row.most).member("used", row.used);
    json.member("refused", row.refused).member("refused_series", row.refused_series);
    json.member("refused_lately", row.refused_lately).member("added_lately", row.added_lately);
    json.member("grew", row.grew);
    json.member("owner_label", row.owner_label).member("owner_value", row.owner_value);
    write_time(json, "began", row.began);
    write_time(json, "last", row.last);
    json.member("example", row.example).member("example_sender", row.example_sender);
    write_time(json, "example_at", row.example_at);
  });
}

}  // namespace

void write_cardinality(JsonWriter& json, const CardinalityView& view) {
  json.begin_object();
  write_time(json, "now", view.now);
  write_time(json, "since", view.since);
  json.member("series", view.series).member("last_hour", view.last_hour);
  json.member("last_day", view.last_day);
  write_counts(json, "hours", view.hours);
  json.member("labels_total", view.labels_total).member("labels_left_out", view.labels_left_out);
  json.member("warn_at", view.warn_at);
  write_limits(json, view);
  write_growers(json, view);
  write_rows(json, "recent", view.recent, [&](const CardinalityView::Recent& row) {
    json.key("series");
    write_series(json, row.labels);
    write_time(json, "at", row.at);
    json.member("sender", row.sender);
  });
  json.end_object();
}

}  // namespace tocsin::server
