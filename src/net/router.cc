#include "net/router.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "net/url.h"

namespace tocsin::net {

namespace {

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> out;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const size_t end = path.find('/');
    out.emplace_back(path.substr(0, end));
    path.remove_prefix(end == path.npos ? path.size() : end);
  }
  return out;
}

// Segments are compared and taken as decoded text, so a "%2F" stays inside its segment.
bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& segments,
          Params& taken) {
  if (pattern.size() != segments.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    std::string text = percent_decode(segments[i]);
    if (!pattern[i].starts_with(':')) {
      if (text != pattern[i]) return false;
    } else {
      if (text.empty()) return false;
      taken.add(pattern[i].substr(1), std::move(text));
    }
  }
  return true;
}

}  // namespace

void Router::add(std::string_view method, std::string_view pattern, Handler handler) {
  TOCSIN_CHECK(pattern.starts_with('/'), "route \"{}\" must begin with /", pattern);
  Route* route = nullptr;
  if (pattern.find("/:") == pattern.npos) {
    route = &exact_[std::string(pattern)];
    route->pattern = pattern;
  } else {
    std::vector<std::string> segments = split_path(pattern);
    for (Route& known : patterns_)
      if (known.segments == segments) route = &known;
    if (!route) {
      patterns_.push_back({std::string(pattern), std::move(segments), {}});
      route = &patterns_.back();
    }
  }
  const bool fresh = route->by_method.emplace(method, std::move(handler)).second;
  TOCSIN_CHECK(fresh, "route {} {} is registered twice", method, pattern);
}

const Router::Route* Router::find(Request& request) const {
  if (const auto it = exact_.find(request.path); it != exact_.end()) return &it->second;
  const std::vector<std::string> segments = split_path(request.raw_path);
  for (const Route& route : patterns_) {
    Params taken;
    if (!fits(route.segments, segments, taken)) continue;
    request.path_params = std::move(taken);
    return &route;
  }
  return nullptr;
}

Router::Match Router::match(Request& request) const {
  const Route* route = find(request);
  request.route = route ? std::string_view(route->pattern) : std::string_view{};
  if (authorize_)
    if (auto refusal = authorize_(request)) return {nullptr, std::move(refusal)};
  const std::string_view asked = request.method;
  const std::string_view method = asked == "HEAD" ? "GET" : asked;
  if (!route) {
    if (fallback_ && method == "GET") return {&fallback_, {}};
    return {nullptr, Response::error_json(404, "there is nothing at " + request.path +
                                                   "; docs/http-api.md lists what there is")};
  }
  auto it = route->by_method.find(request.method);
  if (it == route->by_method.end()) it = route->by_method.find(method);
  if (it != route->by_method.end()) return {&it->second, {}};
  std::string allow;
  for (const auto& [name, handler] : route->by_method) {
    allow += (allow.empty() ? "" : ", ") + name;
    if (name == "GET" && !route->by_method.contains("HEAD")) allow += ", HEAD";
  }
  Response refusal = Response::error_json(
      405, request.method + " is not possible on " + request.path + "; use " + allow);
  refusal.headers.add("Allow", std::move(allow));
  return {nullptr, std::move(refusal)};
}

void Router::dispatch(Request&& request, Respond respond) const {
  Match found = match(request);
  if (found.refusal) return respond(std::move(*found.refusal));
  answer(found, std::move(request), std::move(respond));
}

void Router::answer(const Match& match, Request&& request, Respond respond) const {
  if (around_) return around_(*match.handler, std::move(request), std::move(respond));
  (*match.handler)(std::move(request), std::move(respond));
}

std::vector<Router::Registered> Router::routes() const {
  std::vector<Registered> out;
  const auto list = [&out](const Route& route) {
    for (const auto& [method, handler] : route.by_method) out.push_back({method, route.pattern});
  };
  for (const auto& [path, route] : exact_) list(route);
  for (const Route& route : patterns_) list(route);
  std::sort(out.begin(), out.end(), [](const Registered& a, const Registered& b) {
    return std::tie(a.pattern, a.method) < std::tie(b.pattern, b.method);
  });
  return out;
}

}  // namespace tocsin::net
