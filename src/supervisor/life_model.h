#pragma once
// For the tests of this room: an alert's life said as simply as possible, without tables, timers,
// ids or crashes. It knows three rules: `p` covers `c`, `d` covers `p`.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace tocsin::supervisor::testing_help {

inline constexpr DurationMs kSlack = seconds(60);
inline constexpr DurationMs kExpire = hours(2);

inline std::vector<std::string> covered_rules(const std::string& rule) {
  if (rule == "p") return {"c"};
  if (rule == "d") return {"p"};
  return {};
}

class LifeModel {
 public:
  struct Alert {
    std::string rule, site;
    TimeMs opened_at, judged_at, speak_at;
    bool open = true, told = false, acknowledged = false, held = false;
    std::optional<size_t> parent, silence;  // indices
  };
  struct Silence {
    std::string label, value;
    TimeMs until;
    bool active = true;
  };

  std::vector<Alert> alerts;
  std::vector<Silence> silences;
  std::vector<std::string> told;  // "opened p rome", since it was last emptied

  void opened(const std::string& rule, const std::string& site, TimeMs time) {
    advance(time);
    forget(rule, site);
    if (Alert* alert = find(rule, site))
      alert->judged_at = time;
    else
      open(rule, site, time);
  }
  void updated(const std::string& rule, const std::string& site, TimeMs time) {
    advance(time);
    const bool held = std::any_of(alerts.begin(), alerts.end(), [&](const Alert& alert) {
      return alert.held && alert.rule == rule && alert.site == site;
    });
    if (Alert* alert = find(rule, site))
      alert->judged_at = time;
    else if (!held)
      open(rule, site, time);
  }
  void resolved(const std::string& rule, const std::string& site, TimeMs time) {
    advance(time);
    forget(rule, site);
    if (Alert* alert = find(rule, site)) close(*alert);
  }
  bool acknowledge(const std::string& rule, const std::string& site, TimeMs time) {
    advance(time);
    Alert* alert = find(rule, site);
    if (alert == nullptr || alert->acknowledged) return false;
    return alert->acknowledged = true;
  }
  bool close_by_hand(const std::string& rule, const std::string& site, TimeMs time) {
    advance(time);
    Alert* alert = find(rule, site);
    if (alert == nullptr) return false;
    alert->held = true;
    close(*alert);
    return true;
  }
  void silence(const std::string& label, const std::string& value, TimeMs until, TimeMs time) {
    advance(time);
    silences.push_back({label, value, until, true});
    for (Alert& alert : alerts)
      if (alert.open) alert.silence = longest_silence(alert);
  }
  void unsilence(size_t index, TimeMs time) {
    advance(time);
    end(silences[index]);
  }

  void advance(TimeMs time) {
    for (;;) {
      const TimeMs next = next_due();
      if (next > time) break;
      now_ = std::max(now_, next);
      for (Silence& silence : silences)
        if (silence.active && silence.until <= now_) end(silence);
      for (Alert& alert : alerts)
        if (alert.open && alert.speak_at != TimeMs{} && alert.speak_at <= now_) {
          alert.speak_at = {};
          speak(alert);
        }
      for (Alert& alert : alerts)
        if (alert.open && alert.judged_at + kExpire <= now_) close(alert);
    }
    now_ = std::max(now_, time);
  }

  Alert* find(const std::string& rule, const std::string& site) {
    for (Alert& alert : alerts)
      if (alert.open && alert.rule == rule && alert.site == site) return &alert;
    return nullptr;
  }

 private:
  size_t index(const Alert& alert) const { return static_cast<size_t>(&alert - alerts.data()); }

  TimeMs next_due() const {
    TimeMs due = kTimeMax;
    for (const Silence& silence : silences)
      if (silence.active) due = std::min(due, silence.until);
    for (const Alert& alert : alerts) {
      if (!alert.open) continue;
      due = std::min(due, alert.judged_at + kExpire);
      if (alert.speak_at != TimeMs{}) due = std::min(due, alert.speak_at);
    }
    return due;
  }

  // Only `d` over `p` over `c`: there is no circle to care for.
  bool covers(const Alert& parent, const Alert& child) const {
    const auto rules = covered_rules(parent.rule);
    return parent.open && parent.site == child.site &&
           std::find(rules.begin(), rules.end(), child.rule) != rules.end();
  }
  std::optional<size_t> parent_of(const Alert& child) const {
    for (const Alert& alert : alerts)
      if (covers(alert, child)) return index(alert);
    return std::nullopt;
  }
  std::optional<size_t> longest_silence(const Alert& alert) const {
    std::optional<size_t> longest;
    for (size_t i = 0; i < silences.size(); ++i) {
      const Silence& silence = silences[i];
      const std::string& value = silence.label == "rule" ? alert.rule : alert.site;
      if (!silence.active || silence.value != value) continue;
      if (!longest || silence.until > silences[*longest].until) longest = i;
    }
    return longest;
  }

  void open(const std::string& rule, const std::string& site, TimeMs time) {
    Alert fresh;
    fresh.rule = rule;
    fresh.site = site;
    fresh.opened_at = fresh.judged_at = time;
    fresh.parent = parent_of(fresh);
    fresh.silence = longest_silence(fresh);
    alerts.push_back(fresh);
    speak(alerts.back());
    for (Alert& child : alerts) {
      const bool in_time = child.opened_at >= time - kSlack || !child.told;
      if (child.open && !child.parent && in_time && covers(alerts.back(), child)) {
        child.parent = alerts.size() - 1;
        child.speak_at = {};
      }
    }
  }
  void close(Alert& alert) {
    alert.open = false;
    if (alert.told) told.push_back("resolved " + alert.rule + " " + alert.site);
    for (Alert& child : alerts) {
      if (!child.open || child.parent != index(alert)) continue;
      child.parent = parent_of(child);
      if (child.parent || child.told) continue;
      child.speak_at = now_ + kSlack;
    }
  }
  void end(Silence& silence) {
    silence.active = false;
    for (Alert& alert : alerts) {
      if (!alert.open || !alert.silence) continue;
      alert.silence = longest_silence(alert);
      speak(alert);
    }
  }
  void speak(Alert& alert) {
    if (alert.told || alert.parent || alert.silence || alert.speak_at > now_) return;
    alert.told = true;
    alert.speak_at = {};
    told.push_back("opened " + alert.rule + " " + alert.site);
  }
  void forget(const std::string& rule, const std::string& site) {
    for (Alert& alert : alerts)
      if (alert.rule == rule && alert.site == site) alert.held = false;
  }

  TimeMs now_ = kTimeMin;
};

}  // namespace tocsin::supervisor::testing_help
