#include "access/records.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace tocsin::access {

namespace {
bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}
}  // namespace

Result<void> check_name(std::string_view what, std::string_view name) {
  std::string_view wrong;
  if (name.empty())
    wrong = "it is empty";
  else if (name.size() > kNameBytesMax)
    wrong = "it has more than 100 bytes";
  else if (!valid_utf8(name) || has_control(name))
    wrong = "it holds control characters, or is not UTF-8";
  else if (name.front() == ' ' || name.back() == ' ')
    wrong = "it begins or ends with a space";
  if (wrong.empty()) return {};
  return fail(ErrorCode::kInvalid, fmt::format("the {}'s name cannot be used: {}", what, wrong));
}

Result<void> check_mail(std::string_view mail) {
  if (mail.empty()) return {};
  const size_t at = mail.find('@');
  const bool good = mail.size() <= 254 && at != mail.npos && at > 0 && at + 1 < mail.size() &&
                    mail.find('@', at + 1) == mail.npos &&
                    mail.find_first_of(" \"<>(),;:\\") == mail.npos && valid_utf8(mail) &&
                    !has_control(mail);
  if (good) return {};
  return fail(ErrorCode::kInvalid,
              "the e-mail address cannot be used: expected one such as ada@example.com");
}

Result<Permissions> parse_scopes(std::string_view list) {
  Permissions out;
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    std::string_view word = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (word.empty()) continue;
    if (word == "alerts") word = "respond";
    if (word == "config") word = "configure";
    const auto one = parse_permission(word);
    if (!one)
      return fail(
          ErrorCode::kInvalid,
          fmt::format("\"{}\" is no scope; there are read, write, alerts, config and admin", word));
    if (*one == Permission::kAdmin) return permissions_of(Role::kAdmin);
    out.add(*one);
  }
  if (out.empty())
    return fail(ErrorCode::kInvalid,
                "a token needs at least one scope: read, write, alerts, config or admin");
  return out;
}

}  // namespace tocsin::access
