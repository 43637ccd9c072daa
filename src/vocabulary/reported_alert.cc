#include "vocabulary/reported_alert.h"

namespace tocsin {

Id128 reported_key(const ReportedAlert& alert, const std::string& source) {
  if (!alert.dedup.empty())
    return IdBuilder().add("reported by").add(source).add(alert.dedup).finish();
  std::string bytes = "reported";
  for (const auto& [name, value] : alert.labels.pairs()) {
    bytes += '\xff';  // in no UTF-8: what is between two of them is one text
    bytes += name;
    bytes += '\xff';
    bytes += value;
  }
  return hash128(bytes);
}

std::string alert_fingerprint(const Labels& labels) {
  uint64_t sum = 14695981039346656037ULL;
  const auto add = [&sum](unsigned char byte) {
    sum ^= byte;
    sum *= 1099511628211ULL;
  };
  for (const auto& [name, value] : labels.pairs())
    for (const std::string_view text : {name, value}) {
      for (const char c : text) add(static_cast<unsigned char>(c));
      add(255);
    }
  std::string out(16, '0');
  for (size_t i = out.size(); i-- > 0; sum >>= 4) out[i] = "0123456789abcdef"[sum & 15];
  return out;
}

}  // namespace tocsin
