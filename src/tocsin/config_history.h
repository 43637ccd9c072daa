#pragma once
// Versions of the configuration's files in the state database: who changed what, when and why, and
// every text as it was. Texts are kept once, however many versions hold them.
//
// Bounded: kVersionsMax versions and kVersionBytesMax bytes of texts; the oldest go first, the
// newest two stay. Writes are the decision thread's, reads any read connection's.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "state/database.h"
#include "state/migrations.h"
#include "tocsin/config_files.h"

namespace tocsin {

inline constexpr size_t kVersionsMax = 500;
inline constexpr size_t kVersionBytesMax = 64u << 20;

enum class VersionKind : uint8_t {
  kFound,      // as the folder was before the first change, or after somebody edited it by hand
  kPublished,  // through the API
  kReverted,   // through the API: the texts of an older version
};
std::string_view to_text(VersionKind kind);  // "found", "published", "reverted"

struct FileDifference {
  std::string file;
  enum class What : uint8_t { kAdded, kRemoved, kChanged } what = What::kChanged;
  size_t lines_added = 0, lines_removed = 0;
  std::string diff;  // unified; see config_diff.h
};
struct ConfigVersion {
  int64_t id = 0;
  TimeMs at;
  VersionKind kind = VersionKind::kPublished;
  std::string author, reason, hash;
  int64_t of = 0;                       // kReverted: the version whose texts these are
  std::vector<FileDifference> changes;  // against the version before
};

std::span<const state::Migration> config_history_migrations();

// Keeps a version; `before` are the files that it follows. Gives its id. A transaction of its own.
Result<int64_t> keep_version(state::Database& database, const ConfigVersion& version,
                             const FileTexts& before, const FileTexts& after,
                             size_t versions_max = kVersionsMax,
                             size_t bytes_max = kVersionBytesMax);
// A version that never got to the folder.
Result<void> drop_version(state::Database& database, int64_t id);
// Newest first; `with_diffs` false leaves the texts of the differences out.
Result<std::vector<ConfigVersion>> list_versions(state::Database& database, size_t limit,
                                                 bool with_diffs);
Result<std::optional<ConfigVersion>> read_version(state::Database& database, int64_t id);
Result<std::optional<FileTexts>> version_texts(state::Database& database, int64_t id);
// The newest with this hash.
Result<std::optional<int64_t>> version_of(state::Database& database, std::string_view hash);

}  // namespace tocsin
