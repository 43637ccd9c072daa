// Causes that were kept as JSON, for a restricted user.

#include <boost/json.hpp>

#include "server/restrict.h"

namespace tocsin::server {
namespace {

namespace json = boost::json;

Labels labels_of(const json::object& cause) {
  std::vector<Labels::Pair> pairs;
  const json::value* of = cause.if_contains("series");
  if (of == nullptr) of = cause.if_contains("change");
  const json::object* holder = of == nullptr ? nullptr : of->if_object();
  const json::value* labels = holder == nullptr ? nullptr : holder->if_contains("labels");
  if (labels == nullptr || !labels->is_object()) return {};
  for (const auto& [name, value] : labels->get_object())
    if (value.is_string()) pairs.emplace_back(std::string(name), std::string(value.get_string()));
  return Labels(std::move(pairs));
}

}  // namespace

Result<std::string> narrowed_causes(const std::string& kept, const LabelView& view) {
  if (view.everything()) return kept;
  boost::system::error_code error;
  json::value value = json::parse(kept, error);
  json::object* all = error ? nullptr : value.if_object();
  if (all == nullptr)
    return fail(ErrorCode::kCorrupt, "reading the causes that were kept failed: they are no JSON");
  json::array shown;
  if (const json::value* causes = all->if_contains("causes"); causes && causes->is_array())
    for (const json::value& one : causes->get_array()) {
      if (!one.is_object() || !view.shows(labels_of(one.get_object()))) continue;
      json::object cause = one.get_object();
      cause["group"] = nullptr;
      if (cause.contains("alike")) cause["alike"] = 0;
      shown.emplace_back(std::move(cause));
    }
  (*all)["causes"] = std::move(shown);
  (*all)["groups"] = json::array();
  for (const char* count : {"series", "scored", "without_points", "not_reached", "moved"})
    (*all)[count] = 0;
  return json::serialize(value);
}

}  // namespace tocsin::server
