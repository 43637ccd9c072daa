#pragma once
// Who asks for something, what they may do and what they may see. Made at the door (server/), read
// by every handler: `request.who`.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vocabulary/matcher.h"

namespace tocsin {

// Each role may do what the ones before it may.
enum class Role : uint8_t { kViewer, kResponder, kEditor, kAdmin };
std::string_view to_text(Role role);  // "viewer", "responder", "editor", "admin"
std::optional<Role> parse_role(std::string_view text);

enum class Permission : uint8_t {
  kRead,       // look at what is kept
  kRespond,    // answer alerts, silence, mark, be on call
  kConfigure,  // read and change the configuration, run replays
  kWrite,      // send points, events, alerts of other systems, deployments
  kAdmin,      // users, tokens, audit, the store
};
inline constexpr Permission kPermissions[] = {Permission::kRead, Permission::kRespond,
                                              Permission::kConfigure, Permission::kWrite,
                                              Permission::kAdmin};
std::string_view to_text(Permission permission);  // "read", "respond", "configure", ...
std::optional<Permission> parse_permission(std::string_view text);

class Permissions {
 public:
  constexpr Permissions() = default;
  constexpr Permissions(std::initializer_list<Permission> all) {
    for (const Permission one : all) add(one);
  }
  constexpr void add(Permission one) { bits_ |= bit(one); }
  constexpr bool has(Permission one) const { return (bits_ & bit(one)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  friend bool operator==(const Permissions&, const Permissions&) = default;

 private:
  static constexpr uint8_t bit(Permission one) {
    return static_cast<uint8_t>(1u << static_cast<uint8_t>(one));
  }
  uint8_t bits_ = 0;
};
// The one table of what a role may do.
Permissions permissions_of(Role role);
// "read, write"; in the order of kPermissions.
std::string to_text(Permissions permissions);

// What of the labelled things (alerts, series, silences) somebody may see: those that all matchers
// hold for. Without matchers: everything.
struct LabelView {
  std::vector<LabelMatcher> matchers;

  // `customer="acme", site=~"m.*"`, in braces or not; empty = everything.
  static Result<LabelView> parse(std::string_view text);
  bool everything() const { return matchers.empty(); }
  bool shows(const Labels& labels) const;
  std::string text() const;  // as parse() takes it
};

struct Who {
  enum class Kind : uint8_t {
    kNobody,   // nothing said who it is: may ask only what is open to all
    kHere,     // a program or browser on this machine, where no sign-in is needed
    kToken,    // an API token
    kUser,     // a person who signed in
    kCommand,  // the command line, with the secret of the data folder
  };
  Kind kind = Kind::kNobody;
  std::string name;   // of the user or token; empty for kNobody and kHere
  std::string owner;  // of a token: the user it belongs to, if any
  std::optional<Role> role;
  Permissions may;
  LabelView view;
  std::string session;  // id of a user's session
  std::string csrf;     // what a signed-in page has to send back
  bool restricted() const { return !view.everything(); }
};
std::string_view to_text(Who::Kind kind);  // "nobody", "here", "token", "user", "command"

// What a handler adds to the record of a change; all of it optional. Texts are JSON or plain; never
// a secret. Filled before the answer is given.
struct AuditNote {
  std::string by;      // who, where the request's `who` is not the one who acts (a mail's link)
  std::string target;  // of what; the path's parameters if empty
  std::string before, after;
};

}  // namespace tocsin
