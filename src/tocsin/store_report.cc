#include "tocsin/store_report.h"

#include <fmt/format.h>

#include <cmath>

#include "base/json_writer.h"

namespace tocsin {
namespace {

void write_time(JsonWriter& json, std::string_view name, TimeMs time) {
  if (time <= kTimeMin || time >= kTimeMax)
    json.key(name).null();
  else
    json.member(name, time.ms);
}

std::string time_text(TimeMs time) {
  if (time <= kTimeMin) return "the beginning";
  return time >= kTimeMax ? "now on" : to_iso(time);
}

std::string size_text(uint64_t bytes) {
  const auto b = static_cast<double>(bytes);
  if (bytes < 10'000) return fmt::format("{} B", bytes);
  if (bytes < 10'000'000) return fmt::format("{:.1f} kB", b / 1e3);
  return bytes < 10'000'000'000 ? fmt::format("{:.1f} MB", b / 1e6)
                                : fmt::format("{:.1f} GB", b / 1e9);
}

std::string_view stage_text(VerifyState::Stage stage) {
  switch (stage) {
    case VerifyState::Stage::kNone:
      return "none";
    case VerifyState::Stage::kRunning:
      return "running";
    case VerifyState::Stage::kDone:
      return "done";
    case VerifyState::Stage::kStopped:
      return "stopped";
    case VerifyState::Stage::kFailed:
      return "failed";
  }
  return "";
}

std::string name_of(SeriesRef ref, const SeriesTable& series) {
  return series.known(ref) ? series.labels(ref).text() : "";
}

}  // namespace

std::string stats_json(const StoreStats& stats) {
  JsonWriter json;
  json.begin_object()
      .member("series", stats.series)
      .member("journal_bytes", stats.journal_bytes)
      .member("journal_bytes_max", stats.journal_bytes_max)
      .member("archive_bytes", stats.archive_bytes)
      .member("archive_bytes_max", stats.archive_bytes_max)
      .member("catalogue_bytes", stats.catalogue_bytes)
      .member("disk_bytes", stats.disk_bytes)
      .member("bytes_per_point", stats.raw_bytes_per_point());
  json.key("chunks").begin_object();
  json.member("count", stats.chunks)
      .member("points", stats.chunk_points)
      .member("bytes", stats.chunk_bytes)
      .end_object();
  json.key("resolutions").begin_array();
  for (size_t i = 0; i < kResolutions; ++i) {
    json.begin_object()
        .member("resolution", to_text(static_cast<Resolution>(i)))
        .member("points", stats.points[i])
        .member("bytes", stats.bytes[i])
        .member("keep_ms", stats.keep[i].count);
    const bool any = stats.extents[i].from < stats.extents[i].to;
    json.member("available", any);
    if (any) write_time(json, "from", stats.extents[i].from);
    if (any) write_time(json, "to", stats.extents[i].to);
    json.end_object();
  }
  json.end_array().key("days").begin_array();
  for (const DaySums& day : stats.days)
    json.begin_object()
        .member("from", int64_t{day.day} * days(1).count)
        .member("chunks", day.chunks)
        .member("points", day.points)
        .member("bytes", day.bytes)
        .end_object();
  json.end_array().key("partitions").begin_array();
  for (const PartitionStats& partition : stats.partitions)
    json.begin_object()
        .member("resolution", to_text(partition.resolution))
        .member("from", partition.from.ms)
        .member("to", partition.to.ms)
        .member("rows", partition.rows)
        .member("points", partition.points)
        .member("bytes", partition.bytes)
        .end_object();
  json.end_array();
  write_time(json, "oldest", stats.oldest);
  write_time(json, "newest", stats.newest);
  json.end_object();
  return json.take();
}

std::string stats_text(const StoreStats& stats) {
  std::string out = fmt::format(
      "series           {}, catalogue {}\n"
      "journal          {}\n"
      "not yet joined   {} points in {} chunks, {}\n",
      stats.series, size_text(stats.catalogue_bytes), size_text(stats.journal_bytes),
      stats.chunk_points, stats.chunks, size_text(stats.chunk_bytes));
  for (size_t i = 0; i < kResolutions; ++i) {
    const ResolutionExtent& extent = stats.extents[i];
    out += fmt::format("{:<17}{} points, {}", to_text(static_cast<Resolution>(i)), stats.points[i],
                       size_text(stats.bytes[i]));
    if (extent.from < extent.to)
      out += fmt::format(", from {} to {}", time_text(extent.from), time_text(extent.to));
    out += "\n";
  }
  if (!std::isnan(stats.raw_bytes_per_point()))
    out +=
        fmt::format("bytes per point  {:.3f} (raw and catalogue)\n", stats.raw_bytes_per_point());
  out += fmt::format("files            {}\n", size_text(stats.disk_bytes));
  for (const DaySums& day : stats.days)
    out += fmt::format("  day of  {} chunks {:>6}      {:>14} points {:>10}\n",
                       to_iso(TimeMs{day.day * days(1).count}).substr(0, 10), day.chunks,
                       day.points, size_text(day.bytes));
  for (const PartitionStats& partition : stats.partitions)
    out += fmt::format("  week of {} {:<7}{:>6} rows {:>14} points {:>10}\n",
                       to_iso(partition.from).substr(0, 10), to_text(partition.resolution),
                       partition.rows, partition.points, size_text(partition.bytes));
  return out;
}

std::string verify_json(const VerifyState& state, const SeriesTable& series) {
  const VerifyReport& report = state.report;
  JsonWriter json;
  json.begin_object().member("state", stage_text(state.stage));
  if (state.stage != VerifyState::Stage::kNone) {
    json.member("started", state.started.ms);
    if (state.stage != VerifyState::Stage::kRunning) json.member("ended", state.ended.ms);
    if (!state.error.empty()) json.member("error", state.error);
    json.member("bytes", report.bytes)
        .member("bytes_total", report.bytes_total)
        .member("series", report.series)
        .member("chunks", report.chunks)
        .member("rows", report.rows)
        .member("points", report.points)
        .member("rollups", report.rollups)
        .member("damaged", report.damaged);
    json.key("damage").begin_array();
    for (const ChunkDamage& one : report.damage) {
      json.begin_object().member("series", name_of(one.series, series));
      write_time(json, "from", one.from);
      write_time(json, "to", one.to);
      json.member("text", one.text(series)).end_object();
    }
    json.end_array().member("files", report.files).key("damaged_files").begin_array();
    for (const DamagedFile& one : report.damaged_files) {
      json.begin_object().member("file", one.file).member("holds", one.kind);
      write_time(json, "from", one.from <= one.to ? one.from : kTimeMin);
      write_time(json, "to", one.from <= one.to ? one.to : kTimeMax);
      json.member("text", one.text(series)).end_object();
    }
    json.end_array().key("unused_files").begin_array();
    for (const std::string& file : report.unused_files) json.string(file);
    json.end_array().key("notes").begin_array();
    for (const std::string& note : report.notes) json.string(note);
    json.end_array();
  }
  json.end_object();
  return json.take();
}

std::string verify_text(const VerifyState& state, const SeriesTable& series) {
  const VerifyReport& report = state.report;
  std::string out = fmt::format(
      "{}: {} files, {} points in {} chunks and {} rows, {} rollup slots, {} series, {} read\n",
      stage_text(state.stage), report.files, report.points, report.chunks, report.rows,
      report.rollups, report.series, size_text(report.bytes));
  if (!state.error.empty()) out += state.error + "\n";
  out += report.damaged == 0 ? "everything that was read checks out\n"
                             : fmt::format("{} places are damaged:\n", report.damaged);
  for (const DamagedFile& one : report.damaged_files) out += "  " + one.text(series) + "\n";
  for (const ChunkDamage& one : report.damage) out += "  " + one.text(series) + "\n";
  for (const std::string& note : report.notes) out += "  " + note + "\n";
  for (const std::string& file : report.unused_files)
    out += fmt::format("  file {} belongs to nothing; the next start of the server removes it\n",
                       file);
  return out;
}

}  // namespace tocsin
