#pragma once
// Section `server`: how this process runs. The command line overrides it.

#include <cstdint>
#include <string>

#include "base/result.h"
#include "config/folder.h"
#include "store/journal.h"

namespace tocsin {

struct Settings {
  std::string listen = "127.0.0.1:9640";  // host:port; port 0 picks one
  std::string data = "tocsin-data";       // folder of everything that is kept
  std::string config;                     // folder of YAML; empty = the standard configuration
  std::string port_file;                  // the port listened on is written there, for scripts
  uint32_t shards = 0;                    // 0 = one per core, at most 8
  JournalOptions::Durability durability = JournalOptions::Durability::kPowerCut;
  uint64_t journal_bytes_max = 0;  // 0: goes by the number of series
  DurationMs keep{}, keep_minutes = days(400), keep_hours = days(1826);
  double background_share = 0.25;
  DurationMs archive_keep = days(14);  // of the journal, for replay as received; 0 = off
  uint64_t archive_bytes_max = uint64_t{2} << 30;
  uint64_t memory_bytes_max = 350'000'000;  // shown beside what is used
  uint64_t body_bytes_max = 32u << 20;
  std::string tls_certificate, tls_key;
  std::string log_level = "info";

  // From the folder; what the command line said is put on top by the caller.
  static Settings read(const config::Folder& folder, config::Problems& problems);
  static void describe(config::Reference& reference);
  uint32_t shard_count() const;
};

struct Address {
  std::string host;
  uint16_t port = 0;
};
// "127.0.0.1:9640", "[::1]:9640", ":9640" (all addresses); kInvalid with what is expected.
Result<Address> parse_address(std::string_view text);

}  // namespace tocsin
