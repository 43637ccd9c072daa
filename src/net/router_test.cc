#include "net/router.h"

#include <gtest/gtest.h>

namespace tocsin::net {
namespace {

Handler says(std::string name) {
  return [name](Request&& request, Respond respond) {
    std::string text = name;
    for (const auto& [key, value] : request.path_params.pairs()) text += " " + key + "=" + value;
    respond(Response::text(200, text));
  };
}

Response ask(const Router& router, std::string method, std::string path) {
  Request request;
  request.method = std::move(method);
  request.path = request.raw_path = std::move(path);
  Response out;
  router.dispatch(std::move(request), [&](Response r) { out = std::move(r); });
  return out;
}

TEST(Router, FindsTheRoute) {
  Router router;
  router.add("GET", "/api/alerts", says("list"));
  router.add("GET", "/api/alerts/:id", says("one"));
  router.add("POST", "/api/alerts/:id/:verb", says("do"));
  router.add("DELETE", "/api/alerts/:id", says("delete"));
  router.add("GET", "/api/alerts/latest", says("latest"));
  struct Case {
    const char *method, *path;
    int status;
    const char* body;
  };
  const Case cases[] = {
      {"GET", "/api/alerts", 200, "list"},
      {"HEAD", "/api/alerts", 200, "list"},
      {"GET", "/api/alerts/7", 200, "one id=7"},
      {"GET", "/api/alerts/latest", 200, "latest"},
      {"POST", "/api/alerts/7/note", 200, "do id=7 verb=note"},
      {"DELETE", "/api/alerts/7", 200, "delete id=7"},
      {"PUT", "/api/alerts/7", 405, nullptr},
      {"POST", "/api/alerts", 405, nullptr},
      {"GET", "/api/alerts/", 404, nullptr},
      {"GET", "/api/alerts/7/", 404, nullptr},
      {"GET", "/api//7", 404, nullptr},
      {"GET", "/", 404, nullptr},
      {"GET", "", 404, nullptr},
  };
  for (const Case& c : cases) {
    const Response response = ask(router, c.method, c.path);
    EXPECT_EQ(response.status, c.status) << c.method << " " << c.path;
    if (c.body) {
      EXPECT_EQ(response.body, c.body) << c.path;
    }
  }
  EXPECT_EQ(ask(router, "PUT", "/api/alerts/7").headers.get("allow"), "DELETE, GET, HEAD");
}

TEST(Router, FallbackServesOnlyReading) {
  Router router;
  router.set_fallback(says("page"));
  EXPECT_EQ(ask(router, "GET", "/alerts/7").body, "page");
  EXPECT_EQ(ask(router, "POST", "/alerts/7").status, 404);
}

TEST(Router, AuthorizeComesFirst) {
  Router router;
  router.add("GET", "/a", says("a"));
  router.set_authorize([](Request& request) -> std::optional<Response> {
    if (request.path == "/a") return std::nullopt;
    return Response::error_json(401, "who are you?");
  });
  EXPECT_EQ(ask(router, "GET", "/a").status, 200);
  EXPECT_EQ(ask(router, "GET", "/b").status, 401);
}

}  // namespace
}  // namespace tocsin::net
