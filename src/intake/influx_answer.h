#pragma once
// Errors and headers as InfluxDB's clients expect them, in both versions of its API.

#include <cstdint>
#include <string>
#include <string_view>

#include "net/http.h"

namespace tocsin::intake {

// The version that clients are told: they choose their dialect by it.
inline constexpr std::string_view kInfluxVersion = "1.8.10";

// v1: {"error":"..."} and X-Influxdb-Error.
net::Response influx_v1_error(int status, std::string_view message);
// v2: {"code":"...","message":"..."[,"line":N]} and X-Influx-Error; line 0 = none.
net::Response influx_v2_error(int status, std::string_view message, uint64_t line = 0);

}  // namespace tocsin::intake
