#include "access/door.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sodium.h>

#include <cstring>

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

Result<Door> Door::open(const Tokens& tokens, std::string_view listen_address) {
  const bool loopback = is_loopback(listen_address);
  if (!loopback && tokens.empty())
    return fail(ErrorCode::kRefused,
                fmt::format("listening on {} is refused: others could reach this server and there "
                            "is no token yet; make one with `tocsin token create --name me --scope "
                            "admin`, or listen on 127.0.0.1",
                            listen_address));
  return Door(tokens, loopback);
}

Who Door::judge(const Credentials& credentials) const {
  Who out;
  if (const auto plain = presented_token(credentials)) {
    if (const auto info = tokens_->verify(*plain)) {
      out.kind = Who::Kind::kToken;
      out.name = info->name;
      out.may = permissions_of(info->scope);
      return out;
    }
    // A wrong token is no reason to lock out who would need none: senders often carry one anyway.
  }
  if (loopback_only_ && is_loopback(credentials.remote_address) &&
      names_loopback(credentials.host)) {
    out.kind = Who::Kind::kHere;
    out.role = Role::kAdmin;
    out.may = permissions_of(Role::kAdmin);
  }
  return out;
}

}  // namespace tocsin::access
