#pragma once
// For the tests of this room: decisions as rapidcheck makes them, with every field filled.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "vocabulary/alert.h"

namespace tocsin::supervisor::testing_help {

inline std::string any_text() { return *rc::gen::arbitrary<std::string>(); }
inline int64_t any_int() { return *rc::gen::arbitrary<int64_t>(); }
inline double any_double() {
  return *rc::gen::element(0.0, -0.0, 1.5, 1e300, -1e-300, INFINITY, -INFINITY, 118.25);
}
template <class E>
E any_enum(E last) {
  return static_cast<E>(*rc::gen::inRange(0, static_cast<int>(last) + 1));
}
inline size_t any_size() { return static_cast<size_t>(*rc::gen::inRange(0, 4)); }
inline bool any_bool() { return *rc::gen::arbitrary<bool>(); }
inline Labels any_labels() {
  std::vector<Labels::Pair> pairs;
  for (size_t i = any_size(); i > 0; --i) pairs.emplace_back(any_text(), any_text());
  return Labels(std::move(pairs));
}

inline JudgedPoint any_point() {
  JudgedPoint p{{any_int()},  any_double(), any_double(),
                any_double(), any_double(), any_double(),
                any_double(), any_bool(),   {}};
  for (size_t i = any_size(); i > 0; --i)
    p.models.push_back({static_cast<uint16_t>(any_int()), static_cast<float>(any_double()),
                        any_bool(), any_double(), any_double(), any_double()});
  return p;
}

inline JudgedViolation any_violation() {
  JudgedViolation out;
  Violation& v = out.violation;
  v.id = {static_cast<uint64_t>(any_int()), static_cast<uint64_t>(any_int())};
  v.tier = any_enum(Tier::kEvidence);
  v.state = any_enum(ViolationState::kEnded);
  v.direction = any_enum(Direction::kSilent);
  v.opened = {any_int()};
  v.updated = {any_int()};
  v.ended = {any_int()};
  v.last = any_point();
  v.worst = any_point();
  v.points_outside = static_cast<uint32_t>(any_int());
  if (any_bool()) v.motion = Motion{any_double(), any_double(), any_double()};
  v.cadence = {any_int()};
  if (any_bool()) v.shift = Shift{{any_int()}, any_double(), any_double()};
  if (any_bool()) v.outlook = Outlook{any_double(), {any_int()}, {any_int()}, {any_int()}};
  out.labels = any_labels();
  out.worker_id = any_text();
  for (size_t i = any_size(); i > 0; --i) out.model_names.push_back(any_text());
  for (size_t i = any_size(); i > 0; --i) out.tail.push_back(any_point());
  out.weight = any_double();
  return out;
}

inline Decision any_decision() {
  Decision d;
  d.what = any_enum(Decision::What::kResolved);
  d.at = {{static_cast<uint64_t>(any_int())},
          {any_int()},
          static_cast<uint64_t>(any_int()),
          static_cast<uint32_t>(any_int())};
  d.time = {any_int()};
  d.alert_key = {static_cast<uint64_t>(any_int()), static_cast<uint64_t>(any_int())};
  d.rule_id = any_text();
  d.rule_place = any_text();
  d.severity = any_enum(Severity::kLow);
  d.scope = any_labels();
  d.summary = any_text();
  d.description = any_text();
  for (size_t i = any_size(); i > 0; --i) d.annotations[any_text()] = any_text();
  d.resolve_reason = any_text();
  for (size_t i = any_size(); i > 0; --i)
    d.tree.push_back({any_text(),
                      any_text(),
                      any_enum(Truth::kUnknown),
                      any_text(),
                      {static_cast<uint32_t>(any_int()), 0}});
  for (size_t i = any_size(); i > 0; --i) d.violations.push_back(any_violation());
  d.momentum = {any_enum(Momentum::Trend::kRecovering),
                any_double(),
                any_double(),
                any_double(),
                any_double(),
                static_cast<uint32_t>(any_int()),
                5};
  d.since_first_point = {any_int()};
  d.wait_reason = any_text();
  for (size_t i = any_size(); i > 0; --i) d.covers.push_back(any_text());
  if (any_int() % 2 == 0)
    d.report = std::make_shared<const Report>(
        Report{any_text(), any_text(), {any_int()}, {any_int()}, any_int() % 2 == 0});
  return d;
}

}  // namespace tocsin::supervisor::testing_help
