#pragma once
// Views as JSON, member by member as docs/http-api.md says. Pure: values in, text appended.

#include <span>

#include "base/json_writer.h"
#include "server/views.h"

namespace tocsin::server {

// Small parts, used by several.
void write_series(JsonWriter& json, const Labels& labels);
void write_time(JsonWriter& json, std::string_view key, TimeMs time);  // 0 -> null
void write_text_or_null(JsonWriter& json, std::string_view key, std::string_view text);
void write_points(JsonWriter& json, const std::vector<BandPoint>& points);  // an array
void write_points(JsonWriter& json, const std::vector<TimeValue>& points);  // an array
std::string_view to_text(GuardState state);

// Alerts (json_alerts.cc).
void write_alert_summary(JsonWriter& json, const AlertEntry& entry);
void write_alert_details(JsonWriter& json, const AlertDetails& details);
void write_judgement(JsonWriter& json, const Decision& decision);
void write_delivery(JsonWriter& json, const Delivery& delivery, bool with_alert);
void write_group(JsonWriter& json, const AlertGroup& group);
// The part of a title that is emphasised: to the first "above", "below" or "silent", else all.
std::string_view title_subject(std::string_view title);

// Silences and maintenance windows (json_silences.cc).
void write_silence(JsonWriter& json, const SilenceView& silence);
void write_silence_details(JsonWriter& json, const SilenceDetails& details);
void write_silence_preview(JsonWriter& json, const supervisor::SilencePreview& found, TimeMs since);
void write_maintenance(JsonWriter& json, const MaintenanceView& window);

// Violations, series, workers (json_series.cc).
void write_violation_row(JsonWriter& json, const ViolationRow& row);
void write_series_row(JsonWriter& json, const SeriesRow& row);
void write_range(JsonWriter& json, const RangeView& range);
void write_latest(JsonWriter& json, const LatestRow& row);
void write_band(JsonWriter& json, const BandView& band);
void write_worker(JsonWriter& json, const WorkerView& worker);
void write_worker_details(JsonWriter& json, const WorkerDetails& details);

// The program (json_program.cc).
void write_status(JsonWriter& json, const StatusView& status);
void write_now(JsonWriter& json, const NowView& now);
void write_kpi_ticks(JsonWriter& json, std::span<const KpiTick> kpis);
void write_sender(JsonWriter& json, const SenderView& sender);
void write_inbox_message(JsonWriter& json, const InboxMessage& message);
void write_receiver(JsonWriter& json, const ReceiverView& receiver);
void write_heartbeat(JsonWriter& json, const HeartbeatView& heartbeat);

}  // namespace tocsin::server
