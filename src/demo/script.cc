#include "demo/script.h"

namespace tocsin::demo {
namespace {

constexpr int64_t kDay = 86'400'000;

// The day that contains `time`, as midnight UTC, `days_before` days earlier.
TimeMs midnight_before(TimeMs time, int64_t days_before) {
  return {(time.ms / kDay - days_before) * kDay};
}

void provider_fails(Script& script, const std::string& site, TimeMs from, TimeMs to) {
  script.effects.push_back({site, "payments_ok", from, to, seconds(20), 0.4});
  script.effects.push_back({site, "payments_fail", from, to, seconds(30), 6.0});
  script.effects.push_back({site, "deposits", from + seconds(20), to, seconds(30), 0.72});
  script.effects.push_back({site, "errors", from + seconds(10), to, seconds(0), 2.2});
  script.effects.push_back({site, "errors", from + seconds(20), to, seconds(60), 1.55});
  script.effects.push_back({site, "logins", from + seconds(10), to, seconds(20), 1.4});
  script.effects.push_back({site, "psp_latency_p99_ms", from, to, seconds(10), 4.0});
  script.effects.push_back({site, "psp_connect_errors", from, to, seconds(10), 30.0});
  script.effects.push_back({site, "tcp_retransmits", from + seconds(6), to, seconds(20), 5.0});
  script.effects.push_back({site, "psp_adapter_up", from + seconds(20), to, {}, 1.0, true});
}

}  // namespace

Script history_script(TimeMs end) {
  Script script;
  const TimeMs test = midnight_before(end, 12) + hours(9);
  const TimeMs test_end = test + hours(3);
  for (const char* series : {"logins", "sessions", "bets", "stakes"})
    script.effects.push_back({"madrid", series, test, test_end, minutes(5), 1.8});
  script.effects.push_back({"madrid", "payments_ok", test, test_end, minutes(5), 1.5});
  script.effects.push_back({"madrid", "errors", test, test_end, minutes(5), 1.6});
  script.marks.push_back({test, test_end, "madrid", "performance test"});
  const TimeMs outage = midnight_before(end, 9) + hours(18);
  provider_fails(script, "rome", outage, outage + minutes(40));
  return script;
}

Script live_script(TimeMs start) {
  Script script;
  const TimeMs recovery = start + seconds(240);
  provider_fails(script, "madrid", start + seconds(60), recovery);
  script.effects.push_back(
      {"london", "logins", start + seconds(115), start + seconds(135), {}, 2.0});
  script.effects.push_back({"lagos", "queue_age", start + seconds(140), recovery, {}, 2.8});
  script.steps = {
      {start + seconds(60),
       "madrid's payment provider fails: payments_ok falls by 60 % within 20 s", "payment-provider",
       "madrid"},
      {start + seconds(70), "madrid's errors and logins rise", "", "madrid"},
      {start + seconds(80), "the provider's adapter in madrid goes silent", "", "madrid"},
      {start + seconds(90),
       "one critical alert payment-provider is open; errors-high is covered by it",
       "payment-provider", "madrid"},
      {start + seconds(120), "a spike of london's logins: a violation, no alert", "", "london"},
      {start + seconds(150), "lagos' queue age is 2.8 times the usual: alert queue-age",
       "queue-age", "lagos"},
      {start + seconds(240), "madrid and lagos recover", "", "madrid"},
      {start + seconds(400), "everything is resolved, the messages are updated", "", ""},
  };
  return script;
}

}  // namespace tocsin::demo
