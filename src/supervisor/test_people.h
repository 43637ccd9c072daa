#pragma once
// For the scripts: who can be reached, as a block of lines.
//
//   alice alice/sms alice/voice+2m         a person and the ways to reach her, each with its delay
//   schedule payments alice 09:00-12:00 bob 12:00-24:00
//   team db carol dave
//   leave carol 10:00-12:00
//   admin dora
//   receiver ops-hub

#include <sstream>
#include <string>
#include <vector>

#include "supervisor/directory.h"

namespace tocsin::supervisor::testing_help {

inline TimeMs on_the_day(const std::string& word) {
  const TimeMs midnight = *parse_time("2026-11-23T00:00:00Z");
  return midnight + hours(std::stoi(word.substr(0, 2))) + minutes(std::stoi(word.substr(3, 2)));
}

inline FixedDirectory::Leave span_of(const std::string& word) {
  const size_t dash = word.find('-');
  return {on_the_day(word.substr(0, dash)), on_the_day(word.substr(dash + 1))};
}

inline void add_line(FixedDirectory& out, const std::string& line) {
  std::istringstream in(line);
  std::string first, name, word;
  in >> first;
  if (first == "schedule") {
    in >> name;
    auto& shifts = out.schedules[name];
    while (in >> word) {
      std::string span;
      in >> span;
      shifts.push_back({span_of(span).from, span_of(span).to, {word}});
    }
  } else if (first == "team") {
    in >> name;
    while (in >> word) out.teams[name].push_back(word);
  } else if (first == "leave") {
    in >> name >> word;
    out.leaves[name] = span_of(word);
  } else if (first == "admin") {
    in >> name;
    out.administrators.push_back(name);
  } else if (first == "receiver") {
    in >> name;
    out.receivers.push_back(name);
  } else {
    auto& contacts = out.people[first];
    while (in >> word) {
      const size_t plus = word.find('+');
      const auto after = plus == word.npos ? DurationMs{} : *parse_duration(word.substr(plus + 1));
      contacts.push_back({word.substr(0, plus), after});
    }
  }
}

}  // namespace tocsin::supervisor::testing_help
