// `tocsin replay --against`: two configurations over what is kept, and what people marked.

#include <cstdio>
#include <filesystem>

#include "state/database.h"
#include "supervisor/operator_marks.h"
#include "tocsin/commands.h"
#include "tocsin/progress.h"
#include "tocsin/replay_parts.h"

namespace tocsin {
namespace {

constexpr size_t kChangesPrinted = 5000;

// None where nobody marked anything yet, or a server of an older version wrote the folder.
std::vector<supervisor::OperatorMark> read_marks(const std::string& data) {
  const std::string path = data + "/state.db";
  if (!std::filesystem::exists(path)) return {};
  state::Database::Options options;
  options.access = state::Database::Access::kReader;
  options.check_on_open = false;
  auto database = state::Database::open(path, options);
  if (!database) {
    std::fprintf(stderr, "marks are left out: %s\n", database.error().text().c_str());
    return {};
  }
  bool there = false;
  const auto asked = database->query("SELECT 1 FROM sqlite_master WHERE name = 'operator_marks'",
                                     {}, [&](const state::Row&) { there = true; });
  if (!asked || !there) return {};
  auto marks = supervisor::list_operator_marks(*database);
  if (marks) return std::move(*marks);
  std::fprintf(stderr, "marks are left out: %s\n", marks.error().text().c_str());
  return {};
}

}  // namespace

int run_comparison(const ReplayOptions& options, const Configuration& configuration,
                   const std::string& data, const replay::Plan& plan, ReplayParts& parts) {
  const auto against = Configuration::load(options.against);
  if (!against) return failed(against.error());
  if (configuration.workers->site_label() != (*against)->workers->site_label())
    std::fputs("the two configurations have different labels for sites\n", stderr);
  if (auto done = parts.store->load_tail(); !done) return failed(done.error());
  const std::vector<supervisor::OperatorMark> marks = read_marks(data);
  const replay::ComparisonInput input{replay_plan(**against, plan.from, plan.to), plan,
                                      parts.narrow, marks};
  const auto sources = [&](const std::function<bool(const Labels&)>& wanted)
      -> Result<std::unique_ptr<replay::Source>> {
    return std::make_unique<StoreSource>(*parts.store, wanted, parts.table);
  };
  Progress progress(terminal_print());
  progress.begin("replaying both", 1000);
  const int64_t began = parts.clock.monotonic_ns();
  const auto comparison = replay::compare_runs(input, sources, parts.counters, [&](double share) {
    progress.advance(static_cast<uint64_t>(share * 1000));
    return true;
  });
  progress.end();
  if (!comparison) return failed(comparison.error());
  const double taken = static_cast<double>(parts.clock.monotonic_ns() - began) / 1e9;
  if (options.json)
    std::puts(replay::comparison_json(*comparison, kChangesPrinted).c_str());
  else
    print_comparison(*comparison, taken);
  return 0;
}

}  // namespace tocsin
