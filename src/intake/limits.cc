#include "intake/limits.h"

#include <fmt/format.h>

#include "config/reader.h"

namespace tocsin::intake {
namespace {

struct Range {
  int64_t least, most;
};

template <class T>
void read_number(config::MapReader& reader, std::string_view key, T& out, Range range,
                 std::string_view doc) {
  const int64_t number = reader.value(key, static_cast<int64_t>(out), doc);
  if (number < range.least || number > range.most)
    return reader.problem(key,
                          fmt::format("{} is not from {} to {}", number, range.least, range.most));
  out = static_cast<T>(number);
}

void read_span(config::MapReader& reader, std::string_view key, DurationMs& out, DurationMs least,
               std::string_view doc) {
  const DurationMs span = reader.value(key, out, doc);
  if (span < least)
    return reader.problem(key, fmt::format("{} is below {}", to_text(span), to_text(least)));
  out = span;
}

}  // namespace

// The ranges keep what Resolver's constructor requires: one line always fits its table.
void read_limits(config::MapReader& reader, IntakeLimits& limits) {
  wire::LineLimits& lines = limits.lines;
  read_number(reader, "line_bytes_max", lines.line_bytes_max, {1024, 64 << 20},
              "Longest line accepted, in bytes.");
  read_number(reader, "key_bytes_max", lines.key_bytes_max, {64, 60'000},
              "Longest measurement with its tags, in bytes as sent.");
  read_number(reader, "fields_max", lines.fields_max, {1, 2048}, "Most fields in one line.");
  read_number(reader, "labels_max", lines.labels_max, {1, 256},
              "Most labels of a series; its name counts as one.");
  read_number(reader, "label_name_bytes_max", lines.label_name_bytes_max, {1, 60'000},
              "Longest name of a label, in bytes.");
  read_number(reader, "label_value_bytes_max", lines.label_value_bytes_max, {1, 60'000},
              "Longest value of a label, and longest name of a series, in bytes.");
  read_number(
      reader, "known_lines_max", limits.resolver.entries_max, {2048, 100'000'000},
      "Series whose lines each loop remembers; past it, it begins anew. Read at the start.");
  read_number(reader, "in_flight_points_max", limits.in_flight_points_max, {1, 1'000'000'000},
              "Points per loop that may wait to be kept; past it senders are told to wait.");
  read_span(reader, "retry_after", limits.retry_after, seconds(1),
            "How long senders are told to wait when they are refused.");
  read_span(reader, "future_after", limits.future_after, DurationMs{0},
            "Points this far ahead of their arrival are counted as future.");
  read_span(reader, "stale_after", limits.stale_after, DurationMs{0},
            "Points this far behind their arrival are counted as stale.");
}

}  // namespace tocsin::intake
