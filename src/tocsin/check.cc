#include <fmt/format.h>

#include <cstdio>

#include "tocsin/commands.h"

namespace tocsin {

int failed(const Error& error) {
  std::fprintf(stderr, "tocsin: %s\n", error.text().c_str());
  return 1;
}

int run_check(const std::string& directory) {
  config::Problems problems;
  config::Folder folder = config::Folder::load(directory, problems);
  const auto made = Configuration::build(std::move(folder), directory, problems);
  if (!problems.empty()) {
    std::fputs(problems.text().c_str(), stderr);
    std::fprintf(stderr, "%zu problem%s in %s; a server would keep its running configuration\n",
                 problems.list().size(), problems.list().size() == 1 ? "" : "s", directory.c_str());
    return 1;
  }
  for (const config::Problem& note : made->rules->notes())
    std::fprintf(stderr, "note: %s\n", note.text().c_str());
  std::printf("%s is fine: %zu files, %zu workers, %zu rules, %zu receivers\n", directory.c_str(),
              made->folder.files().size(), made->workers->workers().size(),
              made->rules->rules().size(), made->receivers->list().size());
  return 0;
}

}  // namespace tocsin
