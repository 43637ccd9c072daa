// Any bytes as an expression: what is accepted prints to text that parses to the same tree; what is
// refused names a place inside the text.
#include <cstdlib>

#include "promql/parse.h"
#include "promql/print.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tocsin::promql;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Parsed parsed = parse(text);
  if (!parsed) {
    const auto& span = parsed.error().span;
    if (span.begin > span.end || span.end > text.size()) std::abort();
    return 0;
  }
  const std::string line = print(**parsed);
  for (const std::string& printed : {line, pretty(**parsed)}) {
    if (printed.size() > kTextMax) continue;
    const Parsed again = parse(printed);
    if (!again || print(**again) != line) std::abort();
  }
  return 0;
}
