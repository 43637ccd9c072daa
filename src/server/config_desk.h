#pragma once
// What the API does with the configuration's files: show, check, publish, look back, revert. The
// program implements it; calls begin in a connection's loop and do not block, answers come from any
// thread. A server without a folder of its own answers every change with kRefused and the reason.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "server/views.h"

namespace tocsin::server {

struct ConfigFilesView {
  bool editable = false;
  std::string why_not;    // if it is not editable
  std::string directory;  // empty: the server has no folder
  std::string hash;       // of the files as they are on the disk now
  std::string running;    // version that runs now
  std::map<std::string, std::string> files;
};

// Name -> text; no text: the file is removed.
using ConfigFileChanges = std::map<std::string, std::optional<std::string>>;

struct ConfigProblem {
  std::string file;
  int line = 0, column = 0;  // 0: the file as a whole
  std::string message;
};
struct ConfigCheckView {
  std::vector<ConfigProblem> problems;  // empty: it can be published
  std::vector<ConfigProblem> notes;     // worth a look, no obstacle
  std::vector<std::string> retrains;    // workers whose models would learn from history first
};

struct ConfigPublication {
  ConfigFileChanges files;
  std::string author, reason;
  std::string base_hash;  // what the author looked at
};
struct ConfigReversion {
  int64_t version = 0;
  std::string author, reason;
  std::string base_hash;  // empty: whatever is there now
};
// Exactly one of the three has happened.
struct ConfigPublished {
  // 409: the folder is not what the author looked at.
  struct Conflict {
    std::string message, hash;
    std::vector<std::string> files;  // that differ
  };
  std::optional<Conflict> conflict;
  std::vector<ConfigProblem> problems;  // 400
  int64_t version = 0;                  // 200: its place in the history; 0: nothing was different
  std::string hash, running;
  std::vector<std::string> rebuilding;
};

struct ConfigVersionView {
  struct Change {
    std::string file, what;  // "added", "removed", "changed"
    size_t lines_added = 0, lines_removed = 0;
    std::string diff;
  };
  int64_t id = 0;
  TimeMs at;
  std::string kind, author, reason, hash;
  int64_t of = 0;  // the version that was reverted to; 0: none
  bool current = false;
  std::vector<Change> changes;
};

class ConfigDesk {
 public:
  virtual ~ConfigDesk() = default;
  virtual void files(Done<ConfigFilesView> done) = 0;
  virtual void check(ConfigFileChanges changes, Done<ConfigCheckView> done) = 0;
  virtual void publish(ConfigPublication publication, Done<ConfigPublished> done) = 0;
  virtual void history(size_t limit, Done<std::vector<ConfigVersionView>> done) = 0;
  virtual void version(int64_t id, Done<std::optional<ConfigVersionView>> done) = 0;
  virtual void revert(ConfigReversion reversion, Done<std::optional<ConfigPublished>> done) = 0;
};

}  // namespace tocsin::server
