#include "net/address_list.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace tocsin::net {
namespace {

// ::ffff:0:0/96, RFC 4291 2.5.5.2.
constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
// 64:ff9b::/96, RFC 6052: a translator sends it on to the IPv4 address in the last four bytes.
constexpr std::array<uint8_t, 12> kTranslated{0, 0x64, 0xff, 0x9b};

Address from_v4(const void* four) {
  Address out;
  std::copy(kMapped.begin(), kMapped.end(), out.bytes.begin());
  std::memcpy(out.bytes.data() + kMapped.size(), four, 4);
  return out;
}

Address from_v6(const void* sixteen) {
  Address out;
  std::memcpy(out.bytes.data(), sixteen, 16);
  if (std::equal(kTranslated.begin(), kTranslated.end(), out.bytes.begin()))
    return from_v4(out.bytes.data() + kTranslated.size());
  return out;
}

bool is_v4(const Address& address) {
  return std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin());
}

// What hands out credentials: the metadata services of Amazon, Google, Azure, Oracle and
// DigitalOcean (one address), of Amazon and Google over IPv6, of Alibaba, Scaleway and Oracle's
// first; the task and pod credentials of Amazon's containers.
bool is_metadata(const Address& address) {
  static const std::vector<Address> services = [] {
    std::vector<Address> out;
    for (const char* text :
         {"169.254.169.254", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192",
          "169.254.42.42", "fd00:42::42", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"})
      out.push_back(parse_address(text).value());
    return out;
  }();
  return std::find(services.begin(), services.end(), address) != services.end();
}

bool same_prefix(const Address& a, const Address& b, int bits) {
  const auto whole = static_cast<size_t>(bits / 8);
  if (!std::equal(a.bytes.begin(), a.bytes.begin() + static_cast<long>(whole), b.bytes.begin()))
    return false;
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff << (8 - bits % 8));
  return (a.bytes[whole] & mask) == (b.bytes[whole] & mask);
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  std::string plain(text);
  if (plain.size() > 2 && plain.front() == '[' && plain.back() == ']')
    plain = plain.substr(1, plain.size() - 2);
  std::array<uint8_t, 16> raw{};
  if (inet_pton(AF_INET, plain.c_str(), raw.data()) == 1) return from_v4(raw.data());
  if (inet_pton(AF_INET6, plain.c_str(), raw.data()) == 1) return from_v6(raw.data());
  return fail(ErrorCode::kInvalid,
              fmt::format("\"{}\" is no IP address; write 10.0.0.1 or fd00::1", text));
}

Result<AddressList> AddressList::parse(const std::vector<std::string>& ranges) {
  AddressList out;
  for (const std::string& text : ranges) {
    const size_t slash = text.find('/');
    const auto start = parse_address(std::string_view(text).substr(0, slash));
    if (!start) return fail(start.error());
    const int most = is_v4(*start) ? 32 : 128;
    int64_t bits = most;
    if (slash != std::string::npos) {
      const auto given = parse_int(std::string_view(text).substr(slash + 1));
      if (!given || *given < 0 || *given > most)
        return fail(ErrorCode::kInvalid,
                    fmt::format("\"{}\": the length after the slash must be 0 to {}", text, most));
      bits = *given;
    }
    out.ranges_.push_back({*start, static_cast<int>(bits) + 128 - most});
  }
  return out;
}

bool AddressList::allows(const Address& address) const {
  if (is_metadata(address)) return false;
  if (ranges_.empty()) return true;
  return std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& range) {
    return same_prefix(range.start, address, range.bits);
  });
}

bool AddressList::allows(const sockaddr& address) const {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return allows(from_v4(&v4.sin_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    return allows(from_v6(&v6.sin6_addr));
  }
  return false;
}

bool AddressList::allows(std::string_view address_text) const {
  // A scope ("fe80::1%eth0") says which link, not which address.
  const auto address = parse_address(address_text.substr(0, address_text.find('%')));
  return address && allows(*address);
}

}  // namespace tocsin::net
