#include "tocsin/pages.h"

#include "base/id.h"
#include "net/gzip.h"
#include "tocsin/embedded.h"

namespace tocsin {
namespace {

std::string_view content_type(std::string_view path) {
  constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".json", "application/json"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".txt", "text/plain; charset=utf-8"},
      {".webmanifest", "application/manifest+json"}};
  for (const auto& [ending, type] : kTypes)
    if (path.ends_with(ending)) return type;
  return "application/octet-stream";
}

}  // namespace

EmbeddedPages::EmbeddedPages() {
  const auto files = page_files();
  if (files.empty()) return;
  texts_.reserve(files.size() * 3);
  for (const EmbeddedFile& file : files) {
    const std::string& path = texts_.emplace_back("/" + std::string(file.path));
    const std::string& tag =
        texts_.emplace_back("\"" + to_text(hash128(file.bytes)).substr(0, 16) + "\"");
    std::string packed = net::gzip(file.bytes);
    if (packed.size() * 10 > file.bytes.size() * 9) packed.clear();
    const std::string& compressed = texts_.emplace_back(std::move(packed));
    assets_.push_back({path, content_type(path), file.bytes, compressed, tag});
  }
  pages_ = std::make_unique<server::Pages>(assets_);
}

}  // namespace tocsin
