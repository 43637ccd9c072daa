#include "demo/betting_house.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "base/check.h"
#include "calendar/zone.h"

namespace tocsin::demo {

// value = base * (1 - share + share * season) * (1 + noise), rounded to `step`.
struct BettingHouse::Shape {
  double base = 0;
  double share = 0;  // how much of it follows the season
  double noise = 0;  // relative deviation of one point
  double step = 1;
  size_t site = 0;
  uint64_t seed = 0;
};

struct BettingHouse::Site {
  calendar::Zone zone;
  double scale = 1;
};

namespace {

constexpr int kMinutesOfWeek = 7 * 24 * 60;
constexpr double kPi = 3.14159265358979323846;

struct Template {
  std::string_view name;
  double base, share, noise, step;
};
constexpr std::array<Template, 12> kKpis{{{"logins", 320, 1, 0.04, 1},
                                          {"sessions", 4200, 1, 0.02, 1},
                                          {"bets", 900, 1, 0.05, 1},
                                          {"stakes", 21500, 1, 0.06, 1},
                                          {"payments_ok", 320, 0.8, 0.05, 1},
                                          {"payments_fail", 18, 0.5, 0.12, 1},
                                          {"payment_ms", 205, 0.1, 0.03, 0.1},
                                          {"deposits", 140, 0.9, 0.07, 1},
                                          {"withdrawals", 90, 0.6, 0.08, 1},
                                          {"settlement_lag", 42, 0.15, 0.05, 0.1},
                                          {"errors", 110, 0.5, 0.07, 1},
                                          {"queue_age", 5, 0.2, 0.08, 0.01}}};
constexpr std::array<Template, 8> kServices{{{"psp_adapter_up", 1, 0, 0, 1},
                                             {"psp_connect_errors", 2, 0.3, 0.3, 0.1},
                                             {"psp_latency_p99_ms", 340, 0.2, 0.08, 0.1},
                                             {"db_connections", 180, 0.6, 0.04, 1},
                                             {"db_replication_lag_ms", 12, 0.2, 0.2, 0.1},
                                             {"cache_hit_ratio", 0.94, 0.02, 0.004, 0.0001},
                                             {"queue_consumers", 24, 0, 0, 1},
                                             {"tcp_retransmits", 9, 0.4, 0.25, 0.1}}};
constexpr std::array<Template, 4> kPerHost{{{"host_cpu_busy_ratio", 0.42, 0.6, 0.08, 0.001},
                                            {"host_memory_used_ratio", 0.63, 0.05, 0.01, 0.001},
                                            {"host_disk_io_ms", 3.5, 0.4, 0.2, 0.01},
                                            {"gc_pause_ms", 21, 0.3, 0.15, 0.1}}};
constexpr int kHosts = 8;
constexpr DurationMs kCadence = seconds(10);

uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// Mean 0, deviation 1: the sum of four uniforms, cheap and with tails that end at 3.5.
double noise(uint64_t seed, int64_t step) {
  const uint64_t bits = mix(seed + static_cast<uint64_t>(step) * 0x9e3779b97f4a7c15ULL);
  double sum = 0;
  for (int shift = 0; shift < 64; shift += 16) sum += static_cast<double>((bits >> shift) & 0xffff);
  return (sum / 65535.0 - 2.0) * 1.7320508075688772;
}

// One day of betting: a small hill at lunch, a large one in the evening.
double hour_shape(double hour) {
  const auto hill = [hour](double at, double width) {
    double away = std::fabs(hour - at);
    away = std::min(away, 24 - away);
    return std::exp(-away * away / (width * width));
  };
  return 0.22 + 0.3 * hill(13, 3.2) + 0.78 * hill(20.5, 4.2);
}

// Busier towards the weekend, without a jump at midnight.
double day_factor(double day) {
  constexpr std::array<double, 8> kDays{0.92, 0.94, 0.97, 1.0,
                                        1.12, 1.3,  1.2,  0.92};  // Mon ... Mon
  const auto at = static_cast<size_t>(day);
  const double part = day - static_cast<double>(at);
  const double ease = (1 - std::cos(kPi * part)) / 2;
  return kDays[at] + (kDays[at + 1] - kDays[at]) * ease;
}

const std::vector<double>& week_curve() {
  static const std::vector<double> curve = [] {
    std::vector<double> made(kMinutesOfWeek + 1);
    for (int minute = 0; minute <= kMinutesOfWeek; ++minute) {
      const int of_week = minute % kMinutesOfWeek;
      made[static_cast<size_t>(minute)] =
          hour_shape(of_week % 1440 / 60.0) * day_factor(of_week / 1440.0);
    }
    return made;
  }();
  return curve;
}

double ramp_share(const Effect& effect, TimeMs time) {
  if (effect.ramp.count <= 0) return 1;
  return std::min(1.0, static_cast<double>((time - effect.from).count) /
                           static_cast<double>(effect.ramp.count));
}

}  // namespace

const std::vector<std::pair<std::string, std::string>>& BettingHouse::sites() {
  static const std::vector<std::pair<std::string, std::string>> list{{"malta", "Europe/Malta"},
                                                                     {"london", "Europe/London"},
                                                                     {"madrid", "Europe/Madrid"},
                                                                     {"rome", "Europe/Rome"},
                                                                     {"lagos", "Africa/Lagos"}};
  return list;
}

BettingHouse::BettingHouse(uint64_t seed) : seed_(seed) {
  constexpr std::array<double, 5> kScales{0.7, 1.6, 1.0, 0.9, 0.6};
  const auto add_one = [this](const Template& t, size_t site, Labels labels, bool kpi,
                              double scale) {
    shapes_.push_back({t.base * scale, t.share, t.noise, t.step, site, mix(seed_ ^ labels.hash())});
    series_.push_back({std::move(labels), kpi, kCadence});
  };
  for (size_t site = 0; site < sites().size(); ++site) {
    const auto& [name, zone_name] = sites()[site];
    auto zone = calendar::Zone::find(zone_name);
    TOCSIN_CHECK(zone.has_value(), "time zone {}: {}", zone_name, zone.error().text());
    sites_.push_back({*zone, kScales[site]});
    for (const Template& t : kKpis) {
      const bool is_level =
          t.name == "payment_ms" || t.name == "settlement_lag" || t.name == "queue_age";
      add_one(t, site, Labels::of(t.name, {{"site", name}}), true, is_level ? 1 : kScales[site]);
    }
    for (const Template& t : kServices)
      add_one(t, site, Labels::of(t.name, {{"site", name}}), false, 1);
    for (int host = 1; host <= kHosts; ++host)
      for (const Template& t : kPerHost)
        add_one(t, site,
                Labels::of(t.name, {{"site", name},
                                    {"host", fmt::format("{}-{}", name.substr(0, 3), host)}}),
                false, 1);
  }
  for (HouseSeries& one : series_)
    if (one.labels.name() == "psp_adapter_up") one.cadence = seconds(2);
  effects_.resize(series_.size());
}

BettingHouse::~BettingHouse() = default;

void BettingHouse::add(const Script& script) {
  for (const Effect& effect : script.effects)
    for (size_t i = 0; i < series_.size(); ++i)
      if (series_[i].labels.name() == effect.series && series_[i].labels.get("site") == effect.site)
        effects_[i].push_back(effect);
}

double BettingHouse::season(size_t site, TimeMs time) const {
  const int64_t local = time.ms + sites_[site].zone.offset(time).count;
  constexpr int64_t kWeekMs = int64_t{kMinutesOfWeek} * 60'000;
  constexpr int64_t kMondayMs = int64_t{4} * 86'400'000;  // 1970-01-05 was a Monday
  const int64_t of_week = ((local - kMondayMs) % kWeekMs + kWeekMs) % kWeekMs;
  const auto minute = static_cast<size_t>(of_week / 60'000);
  const double part = static_cast<double>(of_week % 60'000) / 60'000.0;
  const std::vector<double>& curve = week_curve();
  return curve[minute] + (curve[minute + 1] - curve[minute]) * part;
}

std::optional<double> BettingHouse::value(size_t index, TimeMs time) const {
  const Shape& shape = shapes_[index];
  double factor = 1;
  for (const Effect& effect : effects_[index]) {
    if (time < effect.from || time >= effect.to) continue;
    if (effect.silent) return std::nullopt;
    factor *= 1 + (effect.factor - 1) * ramp_share(effect, time);
  }
  const double seasonal =
      shape.share == 0 ? 1 : 1 - shape.share + shape.share * season(shape.site, time);
  double value =
      shape.base * seasonal * factor * (1 + shape.noise * noise(shape.seed, time.ms / 1000));
  value = std::round(std::max(0.0, value) / shape.step) * shape.step;
  return std::round(value * 10000) / 10000;
}

}  // namespace tocsin::demo
