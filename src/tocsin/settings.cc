#include "tocsin/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/text.h"
#include "config/reader.h"

namespace tocsin {
namespace {

constexpr std::string_view kType = "server";

void read_limits(config::MapReader& m, Settings& out) {
  out.memory_bytes_max = static_cast<uint64_t>(std::max<int64_t>(
      m.value<int64_t>("memory_bytes", static_cast<int64_t>(out.memory_bytes_max),
                       "Memory that is meant to be used, in bytes; pages show the use against it."),
      1 << 20));
  out.body_bytes_max = static_cast<uint64_t>(
      std::clamp<int64_t>(m.value<int64_t>("body_bytes", static_cast<int64_t>(out.body_bytes_max),
                                           "Largest request body as sent, in bytes; past it: 413."),
                          1024, 1 << 30));
  const int64_t journal = m.value<int64_t>(
      "journal_bytes", static_cast<int64_t>(out.journal_bytes_max),
      "Space of the journal on disk, in bytes; when nothing can be freed: 503. 0 = 256 MB, and "
      "1,280 bytes for each series beyond 200,000 if the disk has four times as much.");
  out.journal_bytes_max =
      journal == 0
          ? 0
          : static_cast<uint64_t>(std::clamp<int64_t>(journal, 64 << 20, int64_t{64} << 30));
  out.archive_keep = m.value<DurationMs>("archive_keep", out.archive_keep,
                                         "How long the journal is kept for `tocsin replay "
                                         "--as-received`, compressed; 0s = not at all.");
  out.archive_bytes_max = static_cast<uint64_t>(std::max<int64_t>(
      m.value<int64_t>("archive_bytes", static_cast<int64_t>(out.archive_bytes_max),
                       "Space of that on disk, in bytes; the oldest goes first."),
      0));
}

void read_retention(config::MapReader& m, Settings& out) {
  out.keep = m.value<DurationMs>(
      "keep", out.keep,
      "How long points are kept, by their own time; whole weeks go. 0s = for ever.");
  out.keep_minutes = m.value<DurationMs>(
      "keep_minutes", out.keep_minutes,
      "How long a row per minute is kept (count, sum, min, max, last) once points have an end; 0s "
      "= none is made.");
  out.keep_hours = m.value<DurationMs>("keep_hours", out.keep_hours,
                                       "How long a row per hour is kept; 0 = none is made.");
  out.background_share =
      std::clamp(m.value<double>("background_share", out.background_share,
                                 "Share of one core for joining old chunks and making those rows."),
                 0.01, 1.0);
}

void read_settings(config::MapReader& m, Settings& out) {
  out.listen = m.value<std::string>("listen", out.listen,
                                    "Address and port. Beyond loopback a token must exist.");
  out.data = m.value<std::string>("data", out.data, "Folder of journal, chunks and state.");
  out.shards = static_cast<uint32_t>(std::clamp<int64_t>(
      m.value<int64_t>("shards", out.shards, "Threads that test points; 0 = one per core (max 8)."),
      0, 32));
  const size_t durability =
      m.choice("durability", {"power_cut", "process"}, "power_cut",
               "What an answered point survives: a power cut (fsync before success), or the end "
               "of the process (fsync once a second).");
  out.durability = durability == 0 ? JournalOptions::Durability::kPowerCut
                                   : JournalOptions::Durability::kProcess;
  read_retention(m, out);
  read_limits(m, out);
  out.tls_certificate =
      m.value<std::string>("tls_certificate", "", "PEM file; empty = plain HTTP.");
  out.tls_key = m.value<std::string>("tls_key", "", "PEM file of the certificate's key.");
  constexpr std::string_view kLevels[] = {"debug", "info", "warning", "error"};
  out.log_level = kLevels[m.choice("log_level", {"debug", "info", "warning", "error"}, "info",
                                   "What is logged.")];
}

}  // namespace

Settings Settings::read(const config::Folder& folder, config::Problems& problems) {
  Settings out;
  folder.single(kType, kType, problems, [&](config::MapReader& m) {
    read_settings(m, out);
    const auto address = parse_address(out.listen);
    if (!address) m.problem("listen", address.error().message);
  });
  return out;
}

void Settings::describe(config::Reference& reference) {
  if (!reference.begin_type(kType)) return;
  config::Problems none;
  config::MapReader m(reference, kType, none);
  Settings ignored;
  read_settings(m, ignored);
}

uint32_t Settings::shard_count() const {
  if (shards > 0) return shards;
  return std::clamp<uint32_t>(std::thread::hardware_concurrency(), 1, 8);
}

Result<Address> parse_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  const auto port =
      colon == std::string_view::npos ? std::nullopt : parse_int(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535)
    return fail(
        ErrorCode::kInvalid,
        fmt::format("cannot listen on \"{}\": expected address:port such as 127.0.0.1:9640 or "
                    "[::1]:9640",
                    text));
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  return Address{host.empty() ? "::" : std::string(host), static_cast<uint16_t>(*port)};
}

}  // namespace tocsin
