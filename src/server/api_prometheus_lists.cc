// Which series, labels and values there are.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "server/api_prometheus_params.h"
#include "server/api_prometheus_reply.h"
#include "server/api_prometheus_routes.h"
#include "server/json_prometheus.h"
#include "server/restrict.h"

namespace tocsin::server::prometheus {
namespace {

using net::Request;
using net::Respond;
using net::Response;

constexpr size_t kAnswerBytesMax = 64u << 20;
const std::vector<std::string> kCut = {"results truncated due to limit"};

// What all three lists take: several selectors, a time range, a limit.
struct Wanted {
  std::vector<std::vector<LabelMatcher>> selectors;
  TimeMs from = kTimeMin, to = kTimeMax;
  size_t limit = SIZE_MAX;

  bool all_time() const { return from == kTimeMin && to == kTimeMax; }
};

// named: a wrong selector's error says which parameter it was, as Prometheus does for series.
Result<Wanted> wanted_of(const net::Params& values, bool named) {
  Wanted out;
  const auto from = time_of(values, "start", kTimeMin);
  if (!from) return fail(from.error());
  const auto to = time_of(values, "end", kTimeMax);
  if (!to) return fail(to.error());
  const auto limit = limit_of(values);
  if (!limit) return fail(limit.error());
  auto selectors = selectors_of(values);
  if (!selectors)
    return fail(named ? wrong_parameter("match[]", selectors.error().message) : selectors.error());
  out.from = *from;
  out.to = *to;
  if (*limit > 0) out.limit = *limit;
  out.selectors = std::move(*selectors);
  return out;
}

// Series that one of the selectors matches (any series without a selector) and that have points in
// the range; ascending by ref.
std::vector<SeriesRef> series_of(QueryContext& context, const Wanted& wanted) {
  std::vector<SeriesRef> out;
  if (wanted.selectors.empty()) out = context.index().find(std::span<const LabelMatcher>()).series;
  for (const auto& selector : wanted.selectors) {
    const auto found = context.index().find(selector).series;
    out.insert(out.end(), found.begin(), found.end());
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (wanted.all_time()) return out;
  return context.with_points(std::move(out), wanted.from, wanted.to);
}

bool stopped(QueryContext& context) { return context.options().limits.stop(); }

Response out_of_time(QueryContext& context) {
  return failed({ErrorCode::kUnavailable, "query timed out in query execution", ""},
                context.abandoned());
}

Response answer_texts(std::vector<std::string_view> texts, size_t limit) {
  const bool cut = texts.size() > limit;
  texts.resize(std::min(texts.size(), limit));
  std::string body = begin_success();
  append_texts(body, texts);
  end_success(body, cut ? kCut : std::vector<std::string>());
  return success(std::move(body));
}

Response series(QueryContext& context, const Wanted& wanted) {
  const SeriesTable& table = context.index().table();
  std::vector<SeriesRef> found = series_of(context, wanted);
  std::sort(found.begin(), found.end(),
            [&](SeriesRef a, SeriesRef b) { return table.labels(a) < table.labels(b); });
  if (stopped(context)) return out_of_time(context);
  std::string body = begin_success(std::min(found.size(), wanted.limit) * 160);
  body += '[';
  for (size_t i = 0; i < std::min(found.size(), wanted.limit); ++i) {
    if (i > 0) body += ',';
    append_labels(body, table.labels(found[i]));
    if (body.size() > kAnswerBytesMax)
      return failure("execution", fmt::format("the list of {} series is longer than 64 MB; narrow "
                                              "match[] or give a limit",
                                              found.size()));
  }
  body += ']';
  end_success(body, found.size() > wanted.limit ? kCut : std::vector<std::string>());
  return success(std::move(body));
}

Response labels(QueryContext& context, const Wanted& wanted) {
  if (wanted.selectors.empty() && wanted.all_time())
    return answer_texts(context.index().label_names(), wanted.limit);
  const auto found = series_of(context, wanted);
  if (stopped(context)) return out_of_time(context);
  return answer_texts(context.index().label_names(found), wanted.limit);
}

Response label_values(QueryContext& context, const std::string& label, const Wanted& wanted) {
  if (wanted.selectors.empty() && wanted.all_time())
    return answer_texts(context.index().label_values(label), wanted.limit);
  const auto found = series_of(context, wanted);
  if (stopped(context)) return out_of_time(context);
  return answer_texts(context.index().label_values(label, found), wanted.limit);
}

bool is_label_name(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

template <class Answer>
void list(Queries& queries, const Request& request, Respond respond, Answer answer,
          bool named = false) {
  auto wanted = wanted_of(values_of(request), named);
  if (!wanted) return with_origin(request, respond)(refusal(wanted.error()));
  wanted->selectors = narrowed(std::move(wanted->selectors), view_of(request));
  submit(queries, request, std::move(respond), {},
         [wanted = *wanted, answer](QueryContext& context) { return answer(context, wanted); });
}

// ---- Metadata: senders of points do not say what a metric is; its name does, by convention.

std::string_view without(std::string_view name, std::string_view suffix) {
  return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : "";
}

std::map<std::string_view, std::string_view> types_of(const std::vector<std::string_view>& names) {
  std::map<std::string_view, std::string_view> out;
  for (const std::string_view name : names)
    if (const auto family = without(name, "_bucket"); !family.empty()) out[family] = "histogram";
  for (const std::string_view name : names) {
    const bool of_histogram = out.contains(without(name, "_bucket")) ||
                              out.contains(without(name, "_count")) ||
                              out.contains(without(name, "_sum"));
    if (!of_histogram) out.emplace(name, name.ends_with("_total") ? "counter" : "unknown");
  }
  return out;
}

Response metadata(QueryContext& context, const std::string& metric, size_t limit) {
  const auto types = types_of(context.index().label_values(kNameLabel));
  std::string body = begin_success(types.size() * 80);
  body += '{';
  size_t written = 0;
  for (const auto& [name, type] : types) {
    if ((!metric.empty() && name != metric) || written == limit) continue;
    if (written++ > 0) body += ',';
    append_string(body, name);
    body += ":[{\"type\":";
    append_string(body, type);
    body += ",\"help\":\"\",\"unit\":\"\"}]";
  }
  body += '}';
  end_success(body);
  return success(std::move(body));
}

void metadata(Queries& queries, const Request& request, Respond respond) {
  const net::Params values = values_of(request);
  const auto limit = limit_of(values);
  if (!limit) return with_origin(request, respond)(refusal(limit.error()));
  submit(queries, request, std::move(respond), {},
         [metric = std::string(values.get("metric")), limit = *limit > 0 ? *limit : SIZE_MAX](
             QueryContext& context) { return metadata(context, metric, limit); });
}

}  // namespace

void register_lists(net::Router& router, Queries& queries) {
  add_read(router, "/api/v1/series", true, [&queries](Request&& request, Respond respond) {
    const net::Params values = values_of(request);
    if (!values.has("match[]"))
      return with_origin(request, respond)(failure("bad_data", "no match[] parameter provided"));
    list(queries, request, std::move(respond), series, true);
  });
  add_read(router, "/api/v1/labels", true, [&queries](Request&& request, Respond respond) {
    list(queries, request, std::move(respond), labels);
  });
  add_read(router, "/api/v1/label/:name/values", false,
           [&queries](Request&& request, Respond respond) {
             const std::string label(request.param("name"));
             if (!is_label_name(label))
               return with_origin(request, respond)(
                   failure("bad_data", fmt::format("invalid label name: \"{}\"", label)));
             list(queries, request, std::move(respond),
                  [label](QueryContext& context, const Wanted& wanted) {
                    return label_values(context, label, wanted);
                  });
           });
  add_read(router, "/api/v1/metadata", false, [&queries](Request&& request, Respond respond) {
    metadata(queries, request, std::move(respond));
  });
}

}  // namespace tocsin::server::prometheus
