#pragma once
// Text of labels and annotations in rule files: "{{ $labels.instance }} is down for {{ $value }}
// s". The language is Go's text/template with the functions of Prometheus.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "promrules/template_value.h"

namespace tocsin::promrules {

struct TemplateTree;

// What a text may ask for.
struct TemplateData {
  TextMap labels;
  TextMap external_labels;
  std::string external_url;
  double value = 0;
  // {{ query "..." }}: PromQL at the time of the evaluation; unset: an error.
  std::function<Result<QuerySamples>(const std::string& expression)> query;
};

class Template {
 public:
  // kInvalid says what is wrong; what only shows when it is run is not looked for.
  static Result<Template> parse(std::string_view text);
  // kInvalid: a function was refused. Bounded: kOutputMax bytes, kStepsMax steps.
  Result<std::string> expand(const TemplateData& data) const;

  static constexpr size_t kOutputMax = 64 * 1024;
  static constexpr size_t kStepsMax = 100'000;

 private:
  std::shared_ptr<const TemplateTree> tree_;
};

}  // namespace tocsin::promrules
