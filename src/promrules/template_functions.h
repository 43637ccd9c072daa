#pragma once
// The functions that templates may call: those of Prometheus and those of the language itself.

#include <span>

#include "promrules/template.h"
#include "promrules/template_value.h"

namespace tocsin::promrules {

bool is_template_function(std::string_view name);
// kInvalid: wrong arguments, or what the function says.
Result<Value> call_template_function(std::string_view name, std::span<const Value> arguments,
                                     const TemplateData& data);
// Go's fmt.Sprintf on these values.
std::string go_format(std::string_view format, std::span<const Value> arguments);

}  // namespace tocsin::promrules
