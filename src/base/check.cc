#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace tocsin {

void check_failed(std::string_view condition, std::string_view text, std::string_view file,
                  int line) {
  std::fprintf(stderr, "tocsin: broken invariant %.*s at %.*s:%d: %.*s\n",
               static_cast<int>(condition.size()), condition.data(), static_cast<int>(file.size()),
               file.data(), line, static_cast<int>(text.size()), text.data());
  std::abort();
}

}  // namespace tocsin
