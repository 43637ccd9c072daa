#pragma once
// Who is let in: finds the token in a request's parts and applies the one rule.
//
//   listening on loopback only   clients on loopback that ask for localhost need no token
//   listening beyond             every request needs a token, and one must exist before listening

#include <optional>
#include <string>
#include <string_view>

#include "access/tokens.h"
#include "base/result.h"
#include "vocabulary/who.h"

namespace tocsin::access {

bool is_loopback(std::string_view address);  // 127.0.0.0/8, ::1, ::ffff:127.x; not names
// Whether a Host header names this machine to itself: localhost or a loopback address. Another name
// that leads here is a proxy for others, or a page that tricks a browser (DNS rebinding).
bool names_loopback(std::string_view host_header);

// What a request says about who sent it. Tokens are looked for in this order:
// `Authorization: Token t`, `Bearer t`, `Basic base64(user:t)`; InfluxDB v1's ?p=t.
struct Credentials {
  std::string_view authorization;   // value of the header, or empty
  std::string_view query_password;  // value of `p`, decoded, or empty
  std::string_view remote_address;
  std::string_view host;  // value of the header
};
std::optional<std::string> presented_token(const Credentials& credentials);

// Fixed at start; any thread.
class Door {
 public:
  // kRefused if `listen_address` is not loopback and there is no token yet; the message says how to
  // make one. tokens outlives the door.
  static Result<Door> open(const Tokens& tokens, std::string_view listen_address);

  // Who it is; kNobody if nothing says so.
  Who judge(const Credentials& credentials) const;
  bool loopback_only() const { return loopback_only_; }

 private:
  Door(const Tokens& tokens, bool loopback_only)
      : tokens_(&tokens), loopback_only_(loopback_only) {}
  const Tokens* tokens_;
  bool loopback_only_;
};

}  // namespace tocsin::access
