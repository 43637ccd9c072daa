#pragma once
// Who is let in: finds a token or a session in a request's parts and says who that is.
//
//   a token or a session that holds     its owner, with what they may
//   listening on loopback only, and
//   no sign-in required                 clients on loopback that ask for localhost may do all
//   else                                nobody: the route's need decides (server/route_rules.h)

#include <optional>
#include <string>
#include <string_view>

#include "access/accounts.h"

namespace tocsin::access {

bool is_loopback(std::string_view address);  // 127.0.0.0/8, ::1, ::ffff:127.x; not names
// Whether a Host header names this machine to itself: localhost or a loopback address. Another name
// that leads here is a proxy for others, or a page that tricks a browser (DNS rebinding).
bool names_loopback(std::string_view host_header);

inline constexpr std::string_view kSessionCookie = "tocsin_session";

// What a request says about who sent it. Tokens are looked for in this order:
// `Authorization: Token t`, `Bearer t`, `Basic base64(user:t)`; InfluxDB v1's ?p=t. Then the
// cookie.
struct Credentials {
  std::string_view authorization;   // value of the header, or empty
  std::string_view query_password;  // value of `p`, decoded, or empty
  std::string_view cookie;          // value of the header, or empty
  std::string_view remote_address;
  std::string_view host;   // value of the header
  bool forwarded = false;  // a proxy says that it stands between (X-Forwarded-For and the like)
};
std::optional<std::string> presented_token(const Credentials& credentials);
// The value of a cookie of that name; empty if there is none.
std::string_view cookie_value(std::string_view header, std::string_view name);

// Any thread. accounts outlives it.
class Door {
 public:
  // required: the loopback is no exception.
  Door(const Accounts& accounts, std::string_view listen_address, bool required);

  // Who it is; kNobody if nothing says so.
  Who judge(const Credentials& credentials) const;
  // Whether somebody on this machine needs to sign in.
  bool open_on_loopback() const { return open_on_loopback_; }

 private:
  const Accounts* accounts_;
  bool open_on_loopback_;
};

}  // namespace tocsin::access
