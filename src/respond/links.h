#pragma once
// Addresses that messages and pages link to: section `links`.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/result.h"
#include "vocabulary/alert.h"

namespace tocsin::respond {

class ActSigner;
enum class Act : uint8_t;

struct Links {
  // No slash at its end. Left out of the configuration: the address that is listened on.
  std::string external_url = "http://127.0.0.1:9640";
  std::string grafana;  // a template with {{ label }}, {{ from }}, {{ to }}; empty = no link
  bool external_url_given = false;
  std::shared_ptr<const ActSigner> signer = {};  // null: messages carry no links that act
  std::string reply_address = {};  // mails are replied to there (mail_intake.h); empty: nowhere

  std::string alert(const Id128& alert_id) const;  // {external_url}/alerts/{id}
  // The same; of a group's stand-in (group_notice.h) {external_url}/alerts?group={id}.
  std::string page(const AlertView& alert) const;
  // The template filled in, every value percent-encoded; nullopt without a template.
  //   {{ rule }}, {{ severity }}, {{ site }} ... labels of the alert; where it has none of that
  //   name, the label of its first violation's series ({{ __name__ }} is the metric); else "".
  //   {{ from }}, {{ to }}: unix milliseconds, an hour before it opened to its end or last change.
  std::optional<std::string> grafana_url(const AlertView& alert) const;
  // A link that does this to the alert, for whoever gets the message (`who`: a mail address or a
  // receiver's name), for a week from `now`; nullopt without a signer or once the alert is over.
  std::optional<std::string> act(const AlertView& alert, Act act, const std::string& who,
                                 TimeMs now) const;
  // What a reply to a mail about it to this receiver carries, for 30 days after it opened; nullopt
  // where nothing can be replied to. The same for every mail of the alert.
  std::optional<std::string> reply_token(const AlertView& alert, const std::string& receiver) const;
};

// kInvalid if braces do not pair or nothing stands between them.
Result<void> check_link_template(std::string_view text);

}  // namespace tocsin::respond
