#include "server/assets.h"

namespace tocsin::server {

namespace {

// One of the tags in If-None-Match is this one; a weak tag's prefix does not matter for GET.
bool same_tag(std::string_view list, std::string_view etag) {
  return !etag.empty() && (list == "*" || list.find(etag) != list.npos);
}

net::Response not_found(const net::Request& request) {
  return net::Response::error_json(
      404, "there is nothing at " + request.path + "; docs/http-api.md lists what there is");
}

}  // namespace

void add_security_headers(net::Response& response, bool page) {
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.headers.set("Referrer-Policy", "same-origin");
  if (!page) return;
  response.headers.set("Content-Security-Policy",
                       "default-src 'self'; style-src 'self' 'unsafe-inline'; "
                       "img-src 'self' data:; frame-ancestors 'none'; base-uri 'self'; "
                       "form-action 'self'");
  response.headers.set("X-Frame-Options", "DENY");
}

const Asset* Pages::find(std::string_view path) const {
  for (const Asset& asset : assets_)  // some tens of files
    if (asset.path == path) return &asset;
  return nullptr;
}

net::Response Pages::answer(const net::Request& request) const {
  const bool hashed = request.path.starts_with("/assets/");
  const Asset* asset = find(request.path);
  if (!asset && !hashed && request.path != "/api" && !request.path.starts_with("/api/"))
    asset = find("/index.html");
  if (!asset) return not_found(request);
  net::Response out;
  out.headers.add("ETag", std::string(asset->etag));
  out.headers.add("Vary", "Accept-Encoding");
  out.headers.add("Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
  add_security_headers(out, true);
  if (same_tag(request.headers.get("If-None-Match"), asset->etag)) {
    out.status = 304;
    return out;
  }
  out.headers.add("Content-Type", std::string(asset->content_type));
  const bool packed = !asset->gzip_bytes.empty() &&
                      request.headers.get("Accept-Encoding").find("gzip") != std::string_view::npos;
  if (packed) out.headers.add("Content-Encoding", "gzip");
  out.body = packed ? asset->gzip_bytes : asset->bytes;
  return out;
}

}  // namespace tocsin::server
