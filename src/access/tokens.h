#pragma once
// API tokens: who may speak to this server. A token is 32 random bytes, shown once as
// "toc_" + 43 characters (base64url without padding); only its BLAKE2b-256 hash is kept.
//
// The file `tokens` in the data folder, mode 0600, replaced as a whole (write beside, fsync,
// rename, fsync of the folder), one line per token:
//
//   1 <64 hex: hash> <read|write|admin> <created, unix ms> <name>\n
//
// "1" is the version of the line. A name has no control characters and may hold spaces. Lines that
// begin with "#" and empty lines are comments and are dropped at the next change.
// Bounded: 10,000 tokens.

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "vocabulary/who.h"

namespace tocsin::access {

// read looks, write sends points, admin does everything. write does not read: a sender's token in
// the wrong hands shows nothing.
enum class Scope : uint8_t { kRead, kWrite, kAdmin };
std::string_view to_text(Scope scope);  // "read", "write", "admin"
std::optional<Scope> parse_scope(std::string_view text);
Permissions permissions_of(Scope scope);

struct TokenInfo {
  std::string name;  // unique
  Scope scope = Scope::kRead;
  TimeMs created;
};

// Any thread. Readers work on an immutable snapshot; the lock is held to copy a pointer, or to
// write the file.
class Tokens {
 public:
  // Reads the file; a missing one means no tokens. kCorrupt with file:line for a line that is not
  // as above, kUnavailable if the file cannot be read, kRefused if others may read it.
  static Result<std::unique_ptr<Tokens>> load(const std::string& path);

  // Makes a token and writes the file before returning the plain text, which is kept nowhere.
  // kInvalid: the name is empty, too long (100 bytes) or taken.
  Result<std::string> create(std::string_view name, Scope scope, TimeMs now);
  Result<bool> revoke(std::string_view name);  // false: there is no such token
  // Reads the file again: the command line made or revoked a token while the server runs. On an
  // error the tokens known so far stay.
  Result<void> reload();

  std::optional<TokenInfo> verify(std::string_view plain) const;
  std::vector<TokenInfo> list() const;  // by name
  bool empty() const;

 private:
  using Hash = std::array<uint8_t, 32>;
  struct Entry {
    Hash hash;
    TokenInfo info;
  };
  using Entries = std::vector<Entry>;

  explicit Tokens(std::string path) : path_(std::move(path)) {}
  static Hash hash_of(std::string_view plain);
  static Result<Entry> parse(std::string_view line);
  static Result<Entries> read(const std::string& path);
  Result<void> write(const Entries& entries) const;
  void publish(Entries entries);
  std::shared_ptr<const Entries> snapshot() const;

  const std::string path_;
  std::mutex change_mutex_;   // one change of the file at a time
  mutable std::mutex mutex_;  // guards the pointer
  std::shared_ptr<const Entries> entries_ = std::make_shared<Entries>();
};

}  // namespace tocsin::access
