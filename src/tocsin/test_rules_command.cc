// `tocsin test rules FILE...`: Prometheus' unit tests of rules, as promtool runs them.
#include <fmt/format.h>
#include <glob.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "promrules/rule_tests.h"
#include "tocsin/commands.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;
using RuleTexts = std::vector<std::pair<std::string, std::string>>;

std::optional<std::string> read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return std::nullopt;
  return text.str();
}

// Patterns are relative to the folder of the test file.
std::vector<std::string> rule_paths(const std::string& pattern, const fs::path& folder) {
  const std::string full = fs::path(pattern).is_absolute() ? pattern : (folder / pattern).string();
  glob_t found{};
  std::vector<std::string> out;
  if (glob(full.c_str(), 0, nullptr, &found) == 0)
    out.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  return out;
}

// Text of what failed; empty if nothing did.
std::string run_file(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return path + ": cannot be read; check that it exists and its permissions";
  config::Problems problems;
  const promrules::UnitTestFile file = promrules::read_unit_test_file(*text, path, problems);
  RuleTexts rules;
  std::string warnings;
  for (const std::string& pattern : file.rule_files) {
    const auto paths = rule_paths(pattern, fs::path(path).parent_path());
    if (paths.empty())
      std::fprintf(stderr, "  WARNING: no file match pattern %s\n", pattern.c_str());
    for (const std::string& rule_path : paths) {
      auto rule_text = read_text(rule_path);
      if (!rule_text) return rule_path + ": cannot be read";
      if (!file.tests.empty())
        promrules::read_rule_file(*rule_text, rule_path, minutes(1), problems);
      rules.emplace_back(rule_path, std::move(*rule_text));
    }
  }
  if (!problems.empty()) return problems.text();
  std::string out;
  for (const std::string& failure : promrules::run_unit_tests(file, rules)) out += failure + "\n";
  return out;
}

}  // namespace

int test_rules(const std::vector<std::string>& files) {
  bool failed = false;
  for (const std::string& path : files) {
    std::printf("Unit Testing:  %s\n", path.c_str());
    const std::string failures = run_file(path);
    if (failures.empty()) {
      std::printf("  SUCCESS\n\n");
      continue;
    }
    failed = true;
    std::fflush(stdout);
    std::fprintf(stderr, "  FAILED:\n%s\n", failures.c_str());
  }
  return failed ? 1 : 0;
}

}  // namespace tocsin
