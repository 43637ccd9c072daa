#pragma once
// Which addresses a request may go to. Judged on the address a connection is really made to, never
// on the name, so that a name that resolves differently the second time changes nothing.
// The metadata services of clouds are refused always: they hand out credentials to whoever asks.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct sockaddr;

namespace tocsin::net {

// IPv4 is kept as IPv4-mapped IPv6, so that ::ffff:10.0.0.1 and 10.0.0.1 are one address.
struct Address {
  std::array<uint8_t, 16> bytes{};
  friend bool operator==(const Address&, const Address&) = default;
};
Result<Address> parse_address(std::string_view text);  // "10.0.0.1", "fd00::1", "[fd00::1]"

class AddressList {
 public:
  // Ranges such as "10.0.0.0/8", "fd00::/8", "127.0.0.1". Empty = every address that is not
  // refused always.
  static Result<AddressList> parse(const std::vector<std::string>& ranges);

  bool allows(const Address& address) const;
  bool allows(const sockaddr& address) const;        // false for what is neither IPv4 nor IPv6
  bool allows(std::string_view address_text) const;  // false for what is no address
  bool empty() const { return ranges_.empty(); }

 private:
  struct Range {
    Address start;
    int bits = 0;  // of the 128
  };
  std::vector<Range> ranges_;
};

}  // namespace tocsin::net
