#pragma once
// A roster from YAML, for tests.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "oncall/on_call.h"

namespace tocsin::oncall {

inline std::string roster_problems(const std::string& yaml,
                                   const std::map<std::string, std::string>& files = {}) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"a.yaml", yaml}}, problems);
  Roster::read(
      folder,
      [&](const std::string& name) -> Result<std::string> {
        const auto found = files.find(name);
        if (found == files.end()) return fail(ErrorCode::kInvalid, "cannot read " + name);
        return found->second;
      },
      problems);
  return problems.text();
}

inline std::shared_ptr<const Roster> test_roster(
    const std::string& yaml, const std::map<std::string, std::string>& files = {}) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"a.yaml", yaml}}, problems);
  auto out = std::make_shared<Roster>(Roster::read(
      folder, [&](const std::string& name) -> Result<std::string> { return files.at(name); },
      problems));
  EXPECT_TRUE(problems.empty()) << problems.text();
  return out;
}

inline constexpr const char* kThreePeople =
    "people:\n"
    "  - {name: ana, real_name: Ana Ruiz, email: Ana@example.com, phone: '+34 600 1'}\n"
    "  - {name: bob, email: bob@example.com, zone: America/New_York}\n"
    "  - {name: cy, email: cy@example.com}\n";

inline TimeMs at(const char* text) { return *parse_time(text); }

// "2026-01-05T08:00:00Z ana" per shift; a star marks an override's.
inline std::string texts(const std::vector<Shift>& shifts) {
  std::string out;
  for (const Shift& shift : shifts) {
    out += to_iso(shift.begin) + " " + to_iso(shift.end);
    for (const std::string& person : shift.people) out += " " + person;
    out += shift.overridden ? " *\n" : "\n";
  }
  return out;
}

}  // namespace tocsin::oncall
