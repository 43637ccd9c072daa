#include "tocsin/detect_page.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/json_writer.h"
#include "tocsin/embedded.h"

namespace tocsin {
namespace {

std::string_view part(std::string_view name) {
  for (const EmbeddedFile& file : detect_page_files())
    if (file.path == name) return file.bytes;
  TOCSIN_CHECK(false, "no part of the page is called {}", name);
}

std::string filled(std::string text, std::string_view mark, std::string_view with) {
  const size_t at = text.find(mark);
  TOCSIN_CHECK(at != std::string::npos, "the page has no {}", mark);
  return text.replace(at, mark.size(), with);
}

// The page before and after the files' charts.
struct Halves {
  std::string before, after;
};

Halves halves() {
  const std::string text = filled(std::string(part("page.html")), "<!--style-->", part("page.css"));
  constexpr std::string_view kFiles = "<!--files-->";
  const size_t at = text.find(kFiles);
  TOCSIN_CHECK(at != std::string::npos, "the page has no {}", kFiles);
  return {text.substr(0, at), filled(text.substr(at + kFiles.size()), "<!--script-->",
                                     fmt::format("{}\n{}", part("chart.js"), part("page.js")))};
}

Error cannot_write(const std::string& path) {
  return {
      ErrorCode::kUnavailable, fmt::format("cannot write {}: {}", path, std::strerror(errno)), {}};
}

}  // namespace

Result<DetectPage> DetectPage::create(const std::string& path, const About& about) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return fail(cannot_write(path));
  DetectPage page(path, file);
  JsonWriter json;
  json.begin_object().member("models", about.models).member("zone", about.zone);
  json.member("threshold", about.threshold).end_object();
  const std::string head =
      fmt::format("{}<script type=\"application/json\" id=\"about\">{}</script>\n", halves().before,
                  json.take());
  if (auto done = page.write(head); !done) return fail(done.error());
  return page;
}

Result<void> DetectPage::add(std::string_view chart) {
  return write(
      fmt::format("<script type=\"application/json\" class=\"file\">{}</script>\n", chart));
}

Result<void> DetectPage::finish() {
  if (auto done = write(halves().after); !done) return done;
  return std::fflush(file_.get()) == 0 ? Result<void>() : fail(cannot_write(path_));
}

Result<void> DetectPage::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) == text.size()) return {};
  return fail(cannot_write(path_));
}

}  // namespace tocsin
