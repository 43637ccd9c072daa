#pragma once
// Which handler answers a request. Filled before serving, then only read: all loops share one
// router without a lock. Handlers run in the loop of the connection and must not block; they answer
// through Respond, now or later.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace tocsin::net {

using Handler = std::function<void(Request&&, Respond)>;
// Runs before every handler, when the header is read and the body is not: may set request.user;
// an answer refuses the request.
using Authorize = std::function<std::optional<Response>(Request&)>;

class Router {
 public:
  // pattern: "/api/alerts/:id"; a segment ":name" takes one non-empty segment. Exact paths win over
  // patterns, earlier patterns over later ones. The same method and pattern twice is a broken
  // invariant. A GET route also serves HEAD (the server drops the body).
  void add(std::string_view method, std::string_view pattern, Handler handler);
  // Answers GET and HEAD of paths that no route has: pages.
  void set_fallback(Handler handler) { fallback_ = std::move(handler); }
  void set_authorize(Authorize authorize) { authorize_ = std::move(authorize); }

  // First half, at the end of the header: finds the handler and fills path_params. A response is
  // the refusal: 404, 405 with Allow, or the authorize hook's (asked first for everything).
  struct Match {
    const Handler* handler = nullptr;
    std::optional<Response> refusal;
  };
  Match match(Request& request) const;
  // Both halves in one: for tests and for callers without a body to wait for.
  void dispatch(Request&& request, Respond respond) const;

 private:
  struct Route {
    std::vector<std::string> segments;  // of a pattern
    std::map<std::string, Handler, std::less<>> by_method;
  };
  const Route* find(Request& request) const;

  std::map<std::string, Route, std::less<>> exact_;
  std::vector<Route> patterns_;
  Handler fallback_;
  Authorize authorize_;
};

}  // namespace tocsin::net
