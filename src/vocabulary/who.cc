#include "vocabulary/who.h"

#include <algorithm>
#include <array>

namespace tocsin {
namespace {

constexpr std::array<std::string_view, 4> kRoleNames = {"viewer", "responder", "editor", "admin"};
constexpr std::array<std::string_view, 5> kPermissionNames = {"read", "respond", "configure",
                                                              "write", "admin"};

template <class T, size_t N>
std::optional<T> parse_name(const std::array<std::string_view, N>& names, std::string_view text) {
  const auto at = std::find(names.begin(), names.end(), text);
  if (at == names.end()) return std::nullopt;
  return static_cast<T>(at - names.begin());
}

}  // namespace

std::string_view to_text(Role role) { return kRoleNames[static_cast<size_t>(role)]; }
std::optional<Role> parse_role(std::string_view text) { return parse_name<Role>(kRoleNames, text); }

std::string_view to_text(Permission permission) {
  return kPermissionNames[static_cast<size_t>(permission)];
}
std::optional<Permission> parse_permission(std::string_view text) {
  return parse_name<Permission>(kPermissionNames, text);
}

Permissions permissions_of(Role role) {
  using enum Permission;
  switch (role) {
    case Role::kViewer:
      return {kRead};
    case Role::kResponder:
      return {kRead, kRespond};
    case Role::kEditor:
      return {kRead, kRespond, kConfigure, kWrite};
    case Role::kAdmin:
      return {kRead, kRespond, kConfigure, kWrite, kAdmin};
  }
  return {};
}

std::string to_text(Permissions permissions) {
  std::string out;
  for (const Permission one : kPermissions)
    if (permissions.has(one)) out += (out.empty() ? "" : ", ") + std::string(to_text(one));
  return out;
}

Result<LabelView> LabelView::parse(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == text.npos) return LabelView{};
  const bool braces = text[begin] == '{';
  auto selector = SeriesSelector::parse(braces ? std::string(text) : "{" + std::string(text) + "}");
  if (!selector) return fail(selector.error());
  LabelView out{selector->matchers()};
  if (out.matchers.empty())
    return fail(ErrorCode::kInvalid,
                "reading a view failed: it has no condition; write one such "
                "as customer=\"acme\", or nothing to show everything");
  for (const LabelMatcher& one : out.matchers)
    // A condition that the empty value meets would show what has no such label at all.
    if (one.matches(std::string_view{}))
      return fail(ErrorCode::kInvalid,
                  "reading a view failed: " + one.text() +
                      " also holds for what has no such label; name the values to be seen");
  return out;
}

bool LabelView::shows(const Labels& labels) const {
  return std::all_of(matchers.begin(), matchers.end(),
                     [&](const LabelMatcher& one) { return one.matches(labels); });
}

std::string LabelView::text() const {
  std::string out;
  for (const LabelMatcher& one : matchers) out += (out.empty() ? "" : ",") + one.text();
  return out;
}

std::string_view to_text(Who::Kind kind) {
  switch (kind) {
    case Who::Kind::kNobody:
      return "nobody";
    case Who::Kind::kHere:
      return "here";
    case Who::Kind::kToken:
      return "token";
    case Who::Kind::kUser:
      return "user";
    case Who::Kind::kCommand:
      return "command";
  }
  return "nobody";
}

}  // namespace tocsin
