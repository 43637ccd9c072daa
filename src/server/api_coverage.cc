#include "server/coverage.h"
#include "server/json.h"
#include "server/reply.h"
#include "server/routes.h"

namespace tocsin::server {

namespace {

void write_mend(JsonWriter& json, const CoverageView::Mend& mend) {
  json.member("mend", mend.words);
  write_text_or_null(json, "yaml", mend.yaml);
  json.end_object();
}

void write_series_of_name(JsonWriter& json, const CoverageView::Series& one) {
  json.begin_object()
      .member("name", one.name)
      .member("series", one.series)
      .member("example", one.example);
  write_text_or_null(json, "tested_by", one.tested_by);
  write_mend(json, one.mend);
}

void write_leaf(JsonWriter& json, const CoverageView::Leaf& one) {
  json.begin_object()
      .member("rule", one.rule)
      .member("place", one.place)
      .member("leaf", one.leaf)
      .member("why", one.why);
  write_mend(json, one.mend);
}

void write_unlearned(JsonWriter& json, const CoverageView::Worker& one) {
  json.begin_object()
      .member("id", one.id)
      .member("place", one.place)
      .member("series", one.series)
      .member("learned", one.learned);
  write_time(json, "guarded_from", one.guarded_from);
  json.member("why", one.why);
  write_mend(json, one.mend);
}

void write_untold(JsonWriter& json, const CoverageView::Alert& one) {
  json.begin_object()
      .member("rule", one.rule)
      .member("place", one.place)
      .member("severity", one.severity)
      .member("scope", one.scope)
      .member("scopes", one.scopes)
      .member("of", one.of)
      .member("why", one.why);
  json.key("told").begin_array();
  for (const std::string& name : one.told) json.string(name);
  json.end_array();
  write_mend(json, one.mend);
}

template <class T, class Write>
void write_all(JsonWriter& json, std::string_view key, const std::vector<T>& list, Write write) {
  json.key(key).begin_array();
  for (const T& one : list) write(json, one);
  json.end_array();
}

void write_coverage(JsonWriter& json, const CoverageView& view) {
  json.begin_object()
      .member("at", view.at.ms)
      .member("series_total", view.series_total)
      .member("series_looked", view.series_looked)
      .member("more_series", view.more_series)
      .member("all_leaves", view.all_leaves)
      .member("names_more", view.names_more);
  write_all(json, "series", view.series, write_series_of_name);
  write_all(json, "leaves", view.leaves, write_leaf);
  write_all(json, "workers", view.workers, write_unlearned);
  write_all(json, "alerts", view.alerts, write_untold);
  json.end_object();
}

}  // namespace

void register_coverage_routes(net::Router& router, CoverageDesk& desk) {
  router.add("GET", "/api/v1/coverage", [&desk](net::Request&&, net::Respond respond) {
    desk.coverage(reply<CoverageView>(std::move(respond), write_coverage));
  });
}

}  // namespace tocsin::server
