#include "replay/pages.h"

namespace tocsin::replay {

std::map<std::string, int64_t> pages_by_rule(const Report& report) {
  std::map<std::string, int64_t> out;
  for (const ReplayedAlert& one : report.alerts)
    if (!one.receivers.empty()) ++out[one.alert.opened->rule_id];
  return out;
}

}  // namespace tocsin::replay
