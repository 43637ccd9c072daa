#include "access/feed_tokens.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace tocsin::access {
namespace {

constexpr size_t kTokenBytes = 16;

tl::unexpected<Error> failed(const std::string& path) {
  return fail(ErrorCode::kUnavailable,
              fmt::format("keeping the key of calendar feeds in {} failed: {}; look at the data "
                          "folder and its owner",
                          path, std::strerror(errno)));
}

}  // namespace

Result<FeedTokens> FeedTokens::load(const std::string& path) {
  TOCSIN_CHECK(sodium_init() >= 0, "libsodium does not start");
  FeedTokens out;
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    const ssize_t got = ::read(file, out.key_.data(), out.key_.size());
    ::close(file);
    if (got == static_cast<ssize_t>(out.key_.size())) return out;
    return fail(ErrorCode::kCorrupt,
                path +
                    " is not the key of calendar feeds; remove it to make a new one, and give "
                    "people the new addresses of their calendars");
  }
  if (errno != ENOENT) return failed(path);
  randombytes_buf(out.key_.data(), out.key_.size());
  file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return failed(path);
  const bool kept =
      ::write(file, out.key_.data(), out.key_.size()) == static_cast<ssize_t>(out.key_.size()) &&
      ::fsync(file) == 0;
  ::close(file);
  if (!kept) return failed(path);
  return out;
}

std::string FeedTokens::token_of(std::string_view feed) const {
  std::array<unsigned char, kTokenBytes> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(feed.data()),
                     feed.size(), key_.data(), key_.size());
  std::array<char, 2 * kTokenBytes + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
  return hex.data();
}

bool FeedTokens::opens(std::string_view token, std::string_view feed) const {
  const std::string wanted = token_of(feed);
  return token.size() == wanted.size() &&
         sodium_memcmp(token.data(), wanted.data(), wanted.size()) == 0;
}

}  // namespace tocsin::access
