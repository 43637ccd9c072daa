#include "access/tokens.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/text.h"

namespace tocsin::access {

namespace {

constexpr std::string_view kPrefix = "toc_";
constexpr size_t kTokensMax = 10'000;
constexpr size_t kNameBytesMax = 100;
constexpr size_t kFileBytesMax = 8 * 1024 * 1024;

void begin_sodium() {
  const int begun = sodium_init();
  TOCSIN_CHECK(begun >= 0, "libsodium does not start: {}", begun);
}

Error file_error(std::string_view doing, const std::string& path) {
  return Error{ErrorCode::kUnavailable,
               fmt::format("{} {} failed: {}; look at the data folder and its owner", doing, path,
                           std::strerror(errno)),
               {}};
}

// Closes with the scope.
struct File {
  int descriptor;
  ~File() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

Result<std::string> read_private_file(const std::string& path) {
  const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.descriptor < 0) {
    if (errno == ENOENT) return std::string();
    return fail(file_error("reading", path));
  }
  struct stat about{};
  if (::fstat(file.descriptor, &about) != 0) return fail(file_error("reading", path));
  if ((about.st_mode & 077) != 0)
    return fail(ErrorCode::kRefused, "reading " + path +
                                         " is refused because others may read it; "
                                         "chmod 600 it, or make new tokens");
  if (about.st_size > static_cast<off_t>(kFileBytesMax))
    return fail(ErrorCode::kCorrupt, path + " is larger than a token file can be");
  std::string out(static_cast<size_t>(about.st_size), '\0');
  size_t filled = 0;
  while (filled < out.size()) {
    const ssize_t n = ::read(file.descriptor, out.data() + filled, out.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(file_error("reading", path));
    if (n == 0) break;
    filled += static_cast<size_t>(n);
  }
  out.resize(filled);
  return out;
}

std::string_view take_word(std::string_view& line) {
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

bool good_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && valid_utf8(name) && name.front() != ' ' &&
         name.back() != ' ' && std::none_of(name.begin(), name.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

}  // namespace

std::string_view to_text(Scope scope) {
  switch (scope) {
    case Scope::kRead:
      return "read";
    case Scope::kWrite:
      return "write";
    case Scope::kAdmin:
      return "admin";
  }
  return "?";
}

Permissions permissions_of(Scope scope) {
  switch (scope) {
    case Scope::kRead:
      return {Permission::kRead};
    case Scope::kWrite:
      return {Permission::kWrite};
    case Scope::kAdmin:
      return tocsin::permissions_of(Role::kAdmin);
  }
  return {};
}

std::optional<Scope> parse_scope(std::string_view text) {
  for (const Scope scope : {Scope::kRead, Scope::kWrite, Scope::kAdmin})
    if (text == to_text(scope)) return scope;
  return std::nullopt;
}

Tokens::Hash Tokens::hash_of(std::string_view plain) {
  Hash out;
  crypto_generichash(out.data(), out.size(), reinterpret_cast<const unsigned char*>(plain.data()),
                     plain.size(), nullptr, 0);
  return out;
}

Result<Tokens::Entry> Tokens::parse(std::string_view line) {
  Entry out;
  if (take_word(line) != "1") return fail(ErrorCode::kCorrupt, "not a line of version 1");
  const std::string_view hex = take_word(line);
  size_t size = 0;
  if (hex.size() != 64 ||
      sodium_hex2bin(out.hash.data(), out.hash.size(), hex.data(), hex.size(), nullptr, &size,
                     nullptr) != 0 ||
      size != out.hash.size())
    return fail(ErrorCode::kCorrupt, "the hash is not 64 hexadecimal digits");
  const auto scope = parse_scope(take_word(line));
  if (!scope) return fail(ErrorCode::kCorrupt, "the scope is not read, write or admin");
  const auto created = parse_int(take_word(line));
  if (!created) return fail(ErrorCode::kCorrupt, "the time is not a number");
  if (!good_name(line)) return fail(ErrorCode::kCorrupt, "the name is missing or not printable");
  out.info = {std::string(line), *scope, TimeMs{*created}};
  return out;
}

Result<Tokens::Entries> Tokens::read(const std::string& path) {
  const auto text = read_private_file(path);
  if (!text) return fail(text.error());
  Entries out;
  std::string_view rest = *text;
  for (int number = 1; !rest.empty(); ++number) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty() || line.front() == '#') continue;
    auto entry = parse(line);
    if (!entry)
      return fail(ErrorCode::kCorrupt, entry.error().message, fmt::format("{}:{}", path, number));
    out.push_back(std::move(*entry));
  }
  if (out.size() > kTokensMax) return fail(ErrorCode::kCorrupt, path + " holds too many tokens");
  return out;
}

Result<std::unique_ptr<Tokens>> Tokens::load(const std::string& path) {
  begin_sodium();
  std::unique_ptr<Tokens> out(new Tokens(path));
  if (const auto read = out->reload(); !read) return fail(read.error());
  return out;
}

Result<void> Tokens::reload() {
  const std::lock_guard one(change_mutex_);
  auto entries = read(path_);
  if (!entries) return fail(entries.error());
  publish(std::move(*entries));
  return {};
}

// The new file stands beside the old one until it is on the disk; a crash leaves one or the other.
Result<void> Tokens::write(const Entries& entries) const {
  std::string text;
  for (const Entry& entry : entries) {
    char hex[65];
    sodium_bin2hex(hex, sizeof hex, entry.hash.data(), entry.hash.size());
    text += fmt::format("1 {} {} {} {}\n", hex, to_text(entry.info.scope), entry.info.created.ms,
                        entry.info.name);
  }
  const std::string beside = path_ + ".new";
  ::unlink(beside.c_str());  // left by a crash, perhaps with another mode
  const File file{
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (file.descriptor < 0 || !write_all(file.descriptor, text) || ::fsync(file.descriptor) != 0)
    return fail(file_error("writing", beside));
  if (::rename(beside.c_str(), path_.c_str()) != 0) return fail(file_error("replacing", path_));
  const size_t slash = path_.rfind('/');
  const std::string folder = slash == path_.npos ? "." : path_.substr(0, slash + 1);
  const File directory{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.descriptor < 0 || ::fsync(directory.descriptor) != 0)
    return fail(file_error("syncing", folder));
  return {};
}

void Tokens::publish(Entries entries) {
  auto next = std::make_shared<const Entries>(std::move(entries));
  const std::lock_guard lock(mutex_);
  entries_ = std::move(next);
}

std::shared_ptr<const Tokens::Entries> Tokens::snapshot() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

Result<std::string> Tokens::create(std::string_view name, Scope scope, TimeMs now) {
  if (!good_name(name))
    return fail(ErrorCode::kInvalid,
                "making a token failed: the name has to be 1 to 100 bytes of "
                "printable UTF-8 that do not begin or end with a space");
  const std::lock_guard one(change_mutex_);
  auto entries = read(path_);  // another process may have changed it
  if (!entries) return fail(entries.error());
  for (const Entry& entry : *entries)
    if (entry.info.name == name)
      return fail(ErrorCode::kInvalid, fmt::format("making a token failed: there is one named "
                                                   "\"{}\"; revoke it or take another name",
                                                   name));
  if (entries->size() >= kTokensMax)
    return fail(ErrorCode::kExhausted, "making a token failed: there are 10000; revoke some");
  unsigned char secret[32];
  randombytes_buf(secret, sizeof secret);
  char text[sodium_base64_ENCODED_LEN(sizeof secret, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
  sodium_bin2base64(text, sizeof text, secret, sizeof secret,
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  std::string plain = std::string(kPrefix) + text;
  sodium_memzero(secret, sizeof secret);
  sodium_memzero(text, sizeof text);
  entries->push_back({hash_of(plain), {std::string(name), scope, now}});
  if (const auto written = write(*entries); !written) return fail(written.error());
  publish(std::move(*entries));
  return plain;
}

Result<bool> Tokens::revoke(std::string_view name) {
  const std::lock_guard one(change_mutex_);
  auto entries = read(path_);
  if (!entries) return fail(entries.error());
  if (std::erase_if(*entries, [&](const Entry& entry) { return entry.info.name == name; }) == 0)
    return false;
  if (const auto written = write(*entries); !written) return fail(written.error());
  publish(std::move(*entries));
  return true;
}

std::optional<TokenInfo> Tokens::verify(std::string_view plain) const {
  if (!plain.starts_with(kPrefix) || plain.size() > 100) return std::nullopt;
  const Hash hash = hash_of(plain);
  const auto entries = snapshot();
  // All are compared, each in constant time: how long it takes tells nothing about what is near.
  const Entry* found = nullptr;
  for (const Entry& entry : *entries)
    if (sodium_memcmp(entry.hash.data(), hash.data(), hash.size()) == 0) found = &entry;
  if (!found) return std::nullopt;
  return found->info;
}

std::vector<TokenInfo> Tokens::list() const {
  std::vector<TokenInfo> out;
  const auto entries = snapshot();
  for (const Entry& entry : *entries) out.push_back(entry.info);
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

bool Tokens::empty() const { return snapshot()->empty(); }

}  // namespace tocsin::access
