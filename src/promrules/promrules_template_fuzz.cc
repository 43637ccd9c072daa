// Any bytes as a template: it ends, and what it makes is bounded.
#include <cstdlib>

#include "promrules/template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tocsin::promrules;
  const auto made = Template::parse({reinterpret_cast<const char*>(data), size});
  if (!made) return 0;
  TemplateData values;
  values.labels = {{"a", "b"}};
  values.value = 1.5;
  values.query = [](const std::string&) -> tocsin::Result<QuerySamples> {
    return QuerySamples{{{{"i", "x"}}, 1}, {{{"i", "y"}}, 2}};
  };
  const auto text = made->expand(values);
  if (text && text->size() > 4 * Template::kOutputMax + size) std::abort();
  return 0;
}
