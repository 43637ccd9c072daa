// Any bytes as the configuration of an Alertmanager: what comes out is a folder that can be read,
// and secrets stay in their folder.
#include <cstdlib>

#include "config/folder.h"
#include "supervisor/route.h"
#include "tocsin/alertmanager_import.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)tocsin::take_over_template(text);
  (void)tocsin::take_over_matchers(text);
  const auto made = tocsin::take_over_alertmanager({text, "alertmanager.yml", "/etc"});
  if (!made) return 0;
  tocsin::config::Problems problems;
  const auto folder = tocsin::config::Folder::from_texts({{"a.yaml", made->yaml}}, problems);
  (void)tocsin::supervisor::Routes::read(folder, problems);
  if (!problems.empty()) std::abort();
  for (const auto& [path, value] : made->secrets)
    if (!path.starts_with("secrets/") || path.find('/', 8) != path.npos || value.empty())
      std::abort();
  return 0;
}
