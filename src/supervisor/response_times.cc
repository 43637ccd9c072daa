#include "supervisor/response_times.h"

#include <fmt/format.h>

#include <algorithm>

namespace tocsin::supervisor {

ResponseTimes::ResponseTimes(Counters& counters) {
  constexpr std::string_view kHelp =
      "Seconds from being told to the first acknowledgement, by severity.";
  const std::string name = "tocsin_time_to_acknowledge_seconds";
  for (size_t i = 0; i < of_.size(); ++i) {
    const auto word = fmt::format("severity=\"{}\"", to_text(static_cast<Severity>(i)));
    Of& of = of_[i];
    for (size_t b = 0; b < of.buckets.size(); ++b) {
      const std::string bound = b < kBoundsS.size() ? fmt::format("{}", kBoundsS[b]) : "+Inf";
      of.buckets[b] =
          &counters.counter(name + "_bucket", fmt::format("{},le=\"{}\"", word, bound), kHelp);
    }
    of.count = &counters.counter(name + "_count", word, kHelp);
    of.sum_s = &counters.counter(name + "_sum", word, kHelp);
    constexpr std::string_view kTarget = "First acknowledgements of alerts that have a target.";
    of.in_time =
        &counters.counter("tocsin_acknowledgements_total", word + ",in_time=\"yes\"", kTarget);
    of.late = &counters.counter("tocsin_acknowledgements_total", word + ",in_time=\"no\"", kTarget);
  }
}

void ResponseTimes::add(Severity severity, DurationMs taken, DurationMs target) {
  Of& of = of_[static_cast<size_t>(severity)];
  const int64_t ms = std::max<int64_t>(taken.count, 0);
  for (size_t b = 0; b < of.buckets.size(); ++b)
    if (b == kBoundsS.size() || ms <= kBoundsS[b] * 1000) of.buckets[b]->add();
  of.count->add();
  of.sum_s->add(static_cast<uint64_t>((ms + 500) / 1000));
  if (target > DurationMs{}) (taken <= target ? of.in_time : of.late)->add();
}

}  // namespace tocsin::supervisor
