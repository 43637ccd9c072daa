#include "promql/eval_selector.h"

#include <algorithm>

namespace tocsin::promql {
namespace {

struct LookBack {
  int64_t reference;  // of step 0
  int64_t step, lookback;
  size_t count;
};

// The steps that can see one of the points at all.
std::pair<size_t, size_t> reach(const std::vector<Sample>& samples, const LookBack& look) {
  const int64_t first = samples.front().time.ms, last = samples.back().time.ms + look.lookback;
  if (last < look.reference) return {0, 0};
  const size_t end = static_cast<size_t>((last - look.reference) / look.step) + 1;
  if (first <= look.reference) return {0, std::min(end, look.count)};
  const size_t begin = static_cast<size_t>((first - look.reference + look.step - 1) / look.step);
  return {std::min(begin, look.count), std::min(end, look.count)};
}

// out[i] = pick(the newest point not after step i, if it is not older than look-back nor stale).
template <class Pick>
void fill(const std::vector<Sample>& samples, const LookBack& look, size_t begin,
          std::span<double> out, Pick&& pick) {
  size_t next = 0;  // the first point after the step
  int64_t reference = look.reference + static_cast<int64_t>(begin) * look.step;
  const Sample* const data = samples.data();
  const size_t size = samples.size();
  if (begin < look.count && data[0].time.ms + look.step < reference)
    next = static_cast<size_t>(
        std::upper_bound(data, data + size, reference,
                         [](int64_t time, const Sample& s) { return time < s.time.ms; }) -
        data);
  for (double& cell : out) {
    while (next < size && data[next].time.ms <= reference) ++next;
    if (next > 0) {
      const Sample& seen = data[next - 1];
      if (seen.time.ms >= reference - look.lookback && has_value(seen.value)) cell = pick(seen);
    }
    reference += look.step;
  }
}

// The columns of all series of a selector.
template <class Pick>
Result<Rows> columns(const VectorSelector& selector, const Scope& scope, const LookBack& look,
                     Context& context, Pick&& pick) {
  Rows rows;
  rows.one_name = names_one_metric(selector);
  auto done = read(selector, {}, scope, context, [&](SourceSeries& series) -> Result<void> {
    if (series.samples.empty()) return {};
    const auto [begin, end] = reach(series.samples, look);
    if (end <= begin) return {};
    if (auto held = context.hold(end - begin); !held) return fail(held.error());
    const std::span<double> out = rows.add({series.labels, false}, static_cast<uint32_t>(begin),
                                           static_cast<uint32_t>(end - begin));
    fill(series.samples, look, begin, out, pick);
    rows.trim_last();
    if (auto held = context.hold(rows); !held) return fail(held.error());
    return context.work(end - begin);
  });
  if (!done) return fail(done.error());
  sort_by_labels(rows);
  return rows;
}

}  // namespace

std::optional<TimeMs> resolve(const Shift& shift, const Scope& scope) {
  switch (shift.at) {
    case Shift::At::kNone:
      return std::nullopt;
    case Shift::At::kTime:
      return shift.time;
    case Shift::At::kStart:
      if (scope.in_parameter) return std::nullopt;
      return scope.query_start;
    case Shift::At::kEnd:
      if (scope.in_parameter) return std::nullopt;
      return scope.query_end;
  }
  return std::nullopt;
}

int64_t first_reference(const Shift& shift, const Scope& scope) {
  const std::optional<TimeMs> at = resolve(shift, scope);
  const int64_t base = at ? at->ms : scope.grid.start;
  return std::clamp(base - shift.offset.count, kTimeMin.ms, kTimeMax.ms);
}

bool names_one_metric(const VectorSelector& selector) {
  return std::any_of(selector.matchers.begin(), selector.matchers.end(), [](const auto& matcher) {
    return matcher.label() == kNameLabel && matcher.op() == LabelMatcher::Op::kEqual;
  });
}

Result<void> read(const VectorSelector& selector, DurationMs range, const Scope& scope,
                  Context& context, const Source::Visit& visit) {
  int64_t from = scope.query_start.ms, to = scope.query_end.ms;
  if (scope.outer_at) from = to = scope.outer_at->ms;
  if (const std::optional<TimeMs> at = resolve(selector.shift, scope)) {
    from = to = at->ms;
  } else {
    from -= scope.outer_offset.count + scope.outer_range.count;
    to -= scope.outer_offset.count;
  }
  from -= selector.shift.offset.count;
  to -= selector.shift.offset.count;
  from -= range.count == 0 ? context.options().lookback.count : range.count;
  const auto bounded = [](int64_t ms) { return TimeMs{std::clamp(ms, kTimeMin.ms, kTimeMax.ms)}; };
  return context.select(selector.matchers, bounded(from), bounded(to),
                        {scope.hint_step, range, scope.function}, visit);
}

Result<Rows> eval_selector(const VectorSelector& selector, const Scope& scope, Context& context) {
  const LookBack look{first_reference(selector.shift, scope), scope.grid.step,
                      context.options().lookback.count, scope.grid.count};
  return columns(selector, scope, look, context, [](const Sample& sample) { return sample.value; });
}

Result<Rows> eval_timestamp_of(const VectorSelector& selector, const Scope& scope,
                               Context& context) {
  // As in Prometheus, `@` here fixes every step of its own accord, and takes no offset.
  LookBack look{first_reference(selector.shift, scope), scope.grid.step,
                context.options().lookback.count, scope.grid.count};
  if (const std::optional<TimeMs> at = resolve(selector.shift, scope)) {
    look.reference = at->ms;
    look.step = 0;
  }
  const auto seconds = [](const Sample& sample) {
    return static_cast<double>(sample.time.ms) / 1000;
  };
  if (look.step != 0) return columns(selector, scope, look, context, seconds);
  look.step = 1;
  look.count = 1;
  Result<Rows> once = columns(selector, scope, look, context, seconds);
  if (!once) return once;
  return repeat(std::move(*once), scope.grid.count, context);
}

}  // namespace tocsin::promql
