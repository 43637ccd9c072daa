// Any bytes as a body: every reader ends, what it keeps is within the limits, and an alert that was
// kept has labels. The first byte says which reader.
#include <cstdint>
#include <cstdlib>

#include "wire/alert_json.h"
#include "wire/silence_json.h"

namespace {

using namespace tocsin::wire;

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const tocsin::ReportedAlert& alert, const AlertJsonLimits& limits) {
  require(!alert.labels.empty() && alert.labels.pairs().size() <= limits.pairs_max + 1);
  require(alert.labels.bytes() <= limits.alert_bytes_max * 2);
  require(alert.starts.ms >= 0 && alert.ends.ms >= 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string body(reinterpret_cast<const char*>(data + 1), size - 1);
  body.reserve(body.size() + 64);
  const AlertJsonLimits limits;
  if (data[0] % 4 == 3) {
    if (const auto read = parse_silence(body)) require(read->matchers.size() <= 50);
    return 0;
  }
  if (data[0] % 4 == 2) {
    const auto read = parse_pagerduty(body);
    if (read && read->faults.empty() && read->action == PagerdutyEvent::Action::kTrigger)
      check(read->alert, limits);
    return 0;
  }
  const auto read =
      data[0] % 4 == 0 ? parse_alerts(body, limits) : parse_alert_webhook(body, limits);
  if (!read) return 0;
  require(read->faults.size() <= limits.faults_max && read->faults.size() <= read->refused);
  for (const tocsin::ReportedAlert& alert : read->alerts) check(alert, limits);
  return 0;
}
