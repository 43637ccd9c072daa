#pragma once
// Addresses that messages and pages link to: section `links`.

#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/result.h"
#include "vocabulary/alert.h"

namespace tocsin::respond {

struct Links {
  // No slash at its end. Left out of the configuration: the address that is listened on.
  std::string external_url = "http://127.0.0.1:9640";
  std::string grafana;  // a template with {{ label }}, {{ from }}, {{ to }}; empty = no link
  bool external_url_given = false;

  std::string alert(const Id128& alert_id) const;  // {external_url}/alerts/{id}
  // The template filled in, every value percent-encoded; nullopt without a template.
  //   {{ rule }}, {{ severity }}, {{ site }} ... labels of the alert; where it has none of that
  //   name, the label of its first violation's series ({{ __name__ }} is the metric); else "".
  //   {{ from }}, {{ to }}: unix milliseconds, an hour before it opened to its end or last change.
  std::optional<std::string> grafana_url(const AlertView& alert) const;
};

// kInvalid if braces do not pair or nothing stands between them.
Result<void> check_link_template(std::string_view text);

}  // namespace tocsin::respond
