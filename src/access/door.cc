#include "access/door.h"

#include <arpa/inet.h>
#include <sodium.h>

#include <algorithm>

namespace tocsin::access {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// `text` begins with `word` (any case) and a space; what follows is left in it.
bool take_scheme(std::string_view& text, std::string_view word) {
  if (text.size() <= word.size() || text[word.size()] != ' ') return false;
  for (size_t i = 0; i < word.size(); ++i)
    if (lower(text[i]) != word[i]) return false;
  text.remove_prefix(word.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return true;
}

// The password of a Basic pair; the user's name does not matter, the token says who it is.
std::optional<std::string> basic_password(std::string_view packed) {
  std::string pair(packed.size(), '\0');
  size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(pair.data()), pair.size(), packed.data(),
                        packed.size(), nullptr, &size, nullptr,
                        sodium_base64_VARIANT_ORIGINAL) != 0)
    return std::nullopt;
  pair.resize(size);
  const size_t colon = pair.find(':');
  if (colon == pair.npos) return std::nullopt;
  return pair.substr(colon + 1);
}

}  // namespace

bool is_loopback(std::string_view address) {
  const std::string text(address);
  in_addr four{};
  if (::inet_pton(AF_INET, text.c_str(), &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
  in6_addr six{};
  if (::inet_pton(AF_INET6, text.c_str(), &six) != 1) return false;
  if (IN6_IS_ADDR_LOOPBACK(&six)) return true;
  return IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127;
}

bool names_loopback(std::string_view host_header) {
  std::string_view name = host_header;
  if (name.starts_with('[')) {
    name.remove_prefix(1);
    name = name.substr(0, name.find(']'));
  } else {
    name = name.substr(0, name.find(':'));
  }
  std::string text;
  for (const char c : name) text.push_back(lower(c));
  return text == "localhost" || text.ends_with(".localhost") || is_loopback(text);
}

std::optional<std::string> presented_token(const Credentials& credentials) {
  std::string_view text = credentials.authorization;
  if (take_scheme(text, "token") || take_scheme(text, "bearer")) return std::string(text);
  if (take_scheme(text, "basic"))
    if (auto password = basic_password(text)) return password;
  if (!credentials.query_password.empty()) return std::string(credentials.query_password);
  return std::nullopt;
}

std::string_view cookie_value(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const size_t end = std::min(header.find(';'), header.size());
    std::string_view one = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    const size_t equals = one.find('=');
    if (equals != one.npos && one.substr(0, equals) == name) return one.substr(equals + 1);
  }
  return {};
}

Door::Door(const Accounts& accounts, std::string_view listen_address, bool required)
    : accounts_(&accounts), open_on_loopback_(!required && is_loopback(listen_address)) {}

Who Door::judge(const Credentials& credentials) const {
  // A wrong token is no reason to lock out who would need none: senders often carry one anyway.
  if (const auto plain = presented_token(credentials))
    if (auto who = accounts_->by_token(*plain)) return std::move(*who);
  if (const std::string_view session = cookie_value(credentials.cookie, kSessionCookie);
      !session.empty())
    if (auto who = accounts_->by_session(session)) return std::move(*who);
  Who out;
  if (open_on_loopback_ && !credentials.forwarded && is_loopback(credentials.remote_address) &&
      names_loopback(credentials.host)) {
    out.kind = Who::Kind::kHere;
    out.role = Role::kAdmin;
    out.may = permissions_of(Role::kAdmin);
  }
  return out;
}

}  // namespace tocsin::access
