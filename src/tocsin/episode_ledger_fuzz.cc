// Any bytes as counted violations out of the database: refused, or read as what is written again to
// the same counts; questions about them have an answer.
#include <cstdlib>

#include "tocsin/episode_ledger.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tocsin;
  EpisodeLedger read;
  if (!read.decode({reinterpret_cast<const char*>(data), size})) return 0;
  const std::string written = read.encode();
  EpisodeLedger again;
  if (!again.decode(written) || again.encode() != written) std::abort();
  const TimeMs now{1'795'000'000'000};
  if (read.spent("w", now, days(30), 10).most.size() > 10) std::abort();
  read.opened({Lsn{UINT64_MAX}, {}, 0, 0}, now, "w", Labels::of("a"));
  return 0;
}
