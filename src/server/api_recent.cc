// GET /api/series/last: the last points of series, or what they come to.

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "server/json.h"
#include "server/json_recent.h"
#include "server/params.h"
#include "server/reply.h"
#include "server/routes.h"

namespace tocsin::server {
namespace {

constexpr int64_t kPointsMax = 10'000;
constexpr DurationMs kSpanMax = days(366);
constexpr size_t kLimitMax = 1'000'000;

tl::unexpected<Error> wrong(std::string_view name, std::string_view value,
                            std::string_view expected) {
  return fail(ErrorCode::kInvalid, fmt::format("reading the parameter {} failed: \"{}\" is not {}",
                                               name, cut_text(value, 100), expected));
}

Result<void> read_reach(const net::Request& request, RecentQuery& out) {
  const std::string* points = request.query.find("points");
  const std::string* span = request.query.find("span");
  if ((points != nullptr) == (span != nullptr))
    return fail(ErrorCode::kInvalid,
                "reading the parameters failed: give either points (the last so many of each "
                "series) or span (those of the last so long, until now)");
  if (points != nullptr) {
    const auto count = parse_int(*points);
    if (!count || *count < 1 || *count > kPointsMax)
      return wrong("points", *points, fmt::format("a number from 1 to {}", kPointsMax));
    out.points = static_cast<size_t>(*count);
    return {};
  }
  const auto length = parse_duration(*span);
  if (!length || length->count <= 0 || *length > kSpanMax)
    return wrong("span", *span, "a span such as 5m, of at most 366 days");
  out.span = *length;
  return {};
}

bool is_label(std::string_view name) {
  const auto inside = [](char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return std::all_of(name.begin(), name.end(), inside) && !(name[0] >= '0' && name[0] <= '9');
}

Result<RecentQuery> recent_params(const net::Request& request) {
  RecentQuery out;
  auto selector = selector_param(request);
  if (!selector) return fail(selector.error());
  out.selector = std::move(*selector);
  if (auto reach = read_reach(request, out); !reach) return fail(reach.error());
  if (const std::string_view how = request.query.get("reduce"); !how.empty()) {
    const auto reduction = Reduction::parse(how);
    if (!reduction) return fail(reduction.error());
    out.reduce = *reduction;
  }
  if (const std::string_view by = request.query.get("by"); by == "all")
    out.by = RecentQuery::By::kAll;
  else if (!by.empty() && by != "series") {
    if (!is_label(by)) return wrong("by", by, "series, all or a label's name");
    out.by = RecentQuery::By::kLabel;
    out.label = by;
  }
  const bool grouped = out.by != RecentQuery::By::kSeries;
  if (grouped && !out.reduce)
    return fail(ErrorCode::kInvalid,
                fmt::format("reading the parameters failed: by={} needs reduce, for example "
                            "reduce=max",
                            request.query.get("by")));
  const auto limit = limit_param(request, grouped ? kLimitMax : 1000, kLimitMax);
  if (!limit) return fail(limit.error());
  out.limit = *limit;
  const auto width = width_param(request);
  if (!width) return fail(width.error());
  out.width = *width;
  return out;
}

}  // namespace

void register_recent_routes(net::Router& router, Views& views) {
  router.add("GET", "/api/series/last", [&views](net::Request&& request, net::Respond respond) {
    auto query = recent_params(request);
    if (!query) return respond(error_response(query.error()));
    views.recent(std::move(*query), [respond = std::move(respond)](Result<RecentView> view) {
      if (!view) return respond(error_response(view.error()));
      net::Response out = net::Response::json(200, recent_text(*view));
      out.headers.add("Cache-Control", "no-store");
      respond(std::move(out));
    });
  });
}

}  // namespace tocsin::server
