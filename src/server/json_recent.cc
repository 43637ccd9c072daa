#include "server/json_recent.h"

#include <cmath>

#include "server/json_prometheus.h"

namespace tocsin::server {
namespace {

using prometheus::append_string;

void append_integer(std::string& out, int64_t value) {
  char buffer[24];
  char* at = buffer;
  if (value < 0) *at++ = '-';
  const auto size = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  out.append(buffer, prometheus::put_integer(at, size));
}

void append_number(std::string& out, double value) {
  if (std::isfinite(value))
    prometheus::append_float(out, value);
  else
    out += "null";
}

void append_series(std::string& out, const Labels& labels) {
  out += "{\"name\":";
  append_string(out, labels.name());
  out += ",\"labels\":{";
  bool first = true;
  for (const auto& [name, value] : labels.pairs()) {
    if (name == kNameLabel) continue;
    if (!first) out += ',';
    first = false;
    append_string(out, name);
    out += ':';
    append_string(out, value);
  }
  out += "},\"text\":";
  append_string(out, labels.text());
  out += '}';
}

void append_value(std::string& out, const RecentView::Row& row) {
  out += "\"value\":";
  append_number(out, row.value);
  out += ",\"count\":";
  append_integer(out, static_cast<int64_t>(row.count));
}

void append_point(std::string& out, TimeMs time, double value) {
  char buffer[64];
  if (time.ms >= 0) {  // nearly all go in one piece
    char* at = buffer;
    *at++ = '[';
    at = prometheus::put_integer(at, static_cast<uint64_t>(time.ms));
    *at++ = ',';
    if (char* const end = prometheus::put_decimal(at, value)) {
      *end = ']';
      out.append(buffer, static_cast<size_t>(end + 1 - buffer));
      return;
    }
  }
  out += '[';
  append_integer(out, time.ms);
  out += ',';
  append_number(out, value);
  out += ']';
}

void append_points(std::string& out, const std::vector<TimeValue>& points) {
  out += "\"points\":[";
  for (const auto& [time, value] : points) {
    if (out.back() != '[') out += ',';
    append_point(out, time, value);
  }
  out += ']';
}

}  // namespace

std::string recent_text(const RecentView& view) {
  size_t points = 0;
  for (const RecentView::Row& row : view.series) points += row.points.size();
  std::string out;
  out.reserve(128 + view.series.size() * 256 + points * 28);
  out = "{\"series\":[";
  for (const RecentView::Row& row : view.series) {
    if (&row != &view.series.front()) out += ',';
    out += "{\"series\":";
    append_series(out, *row.labels);
    out += ',';
    if (view.together)
      append_value(out, row);
    else
      append_points(out, row.points);
    out += '}';
  }
  out += "],\"series_count\":";
  append_integer(out, static_cast<int64_t>(view.series_count));
  if (view.together) {
    out += ",\"all\":{";
    append_value(out, *view.together);
    out += '}';
  }
  out += view.reduced ? ",\"reduced\":true" : ",\"reduced\":false";
  out += view.more ? ",\"more\":true}" : ",\"more\":false}";
  return out;
}

}  // namespace tocsin::server
