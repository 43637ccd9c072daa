#pragma once
// The pages inside the program: a table made by the build from the web application's files.

#include <span>
#include <string_view>

#include "net/http.h"

namespace tocsin::server {

struct Asset {
  std::string_view path;          // "/assets/index-3f9c2a1b.js", "/index.html"
  std::string_view content_type;  // "text/javascript"
  std::string_view bytes;
  std::string_view gzip_bytes;  // empty = not worth it
  std::string_view etag;        // with its quotes: "\"9c31…\""
};

// Answers GET of pages: the file of that path, or index.html for what the application routes
// itself. Paths under /api/ and paths that look like a missing file ("/x.js") are 404. Immutable;
// any thread.
class Pages {
 public:
  explicit Pages(std::span<const Asset> assets) : assets_(assets) {}
  net::Response answer(const net::Request& request) const;

 private:
  const Asset* find(std::string_view path) const;
  std::span<const Asset> assets_;  // outlives this
};

// The headers that every page and answer of the API carries: no sniffing, no framing, and for
// pages the content security policy.
void add_security_headers(net::Response& response, bool page);

}  // namespace tocsin::server
