#include "tocsin/budget_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/reader.h"

namespace tocsin {
namespace {

constexpr std::string_view kType = "budget";

void read_settings(config::MapReader& m, BudgetSettings& out) {
  const auto pages = m.optional<std::string>(
      "pages", "How often all rules together may tell somebody, such as `4 per 30d`.");
  if (pages) out.pages = Frequency::parse(*pages);
  if (pages && !out.pages)
    m.problem("pages",
              fmt::format("expected \"COUNT per SPAN\" such as \"4 per 30d\", not \"{}\"", *pages));
  out.replay = m.value<DurationMs>(
      "replay", out.replay,
      "How much of the past is replayed, at low priority, to verify the budget under the "
      "configuration that runs; 0s = not at all.");
  if (out.replay.count < 0 || out.replay > days(365))
    m.problem("replay", "must be between 0s and 365d");
  out.replay_every = m.value<DurationMs>("replay_every", out.replay_every,
                                         "How often, besides after each change of configuration.");
  if (out.replay_every < hours(1)) m.problem("replay_every", "must be at least 1h");
  out.replay_points_max = static_cast<uint64_t>(std::clamp<int64_t>(
      m.value<int64_t>("replay_points", static_cast<int64_t>(out.replay_points_max),
                       "Most points one replay reads; where there are more, it begins later."),
      100'000, int64_t{100'000'000'000}));
}

}  // namespace

BudgetSettings BudgetSettings::read(const config::Folder& folder, config::Problems& problems) {
  BudgetSettings out;
  folder.single(kType, kType, problems, [&](config::MapReader& m) { read_settings(m, out); });
  return out;
}

void BudgetSettings::describe(config::Reference& reference) {
  if (!reference.begin_type(kType)) return;
  config::Problems none;
  config::MapReader m(reference, kType, none);
  BudgetSettings ignored;
  read_settings(m, ignored);
}

}  // namespace tocsin
