#pragma once
// Files that the build put into the program: pages and the quick start's configuration.

#include <span>
#include <string_view>

namespace tocsin {

struct EmbeddedFile {
  std::string_view path;  // relative, with slashes
  std::string_view bytes;
};

std::span<const EmbeddedFile> quick_start_files();  // examples/quick-start
std::span<const EmbeddedFile> detect_page_files();  // parts of the page of `tocsin detect --html`
std::span<const EmbeddedFile> page_files();         // ui/dist; empty if the pages were not built

}  // namespace tocsin
