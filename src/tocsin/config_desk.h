#pragma once
// The configuration's files while the program runs: checked, published, kept, reverted.
//
// A publication: what is on the disk is what its author looked at; the whole folder with the change
// is checked; the version is kept in the database; the files are written (config_files.h); the
// folder is loaded as SIGHUP does. If one of the last two fails, the files are put back and the
// version is dropped. All but the writing to the database runs on the background loop, one
// publication at a time.

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "server/config_desk.h"
#include "tocsin/config_history.h"
#include "tocsin/live.h"

namespace tocsin {

// What `tocsin check` says about these texts, in place of the folder's.
std::vector<server::ConfigProblem> problems_of(const config::Problems& problems);

class LiveConfigDesk final : public server::ConfigDesk {
 public:
  using Reload = std::function<server::ReloadView()>;
  // directory empty: nothing can be changed. live outlives the desk; `reload` is called on the
  // background loop.
  LiveConfigDesk(Live& live, std::string directory, Reload reload);

  void files(server::Done<server::ConfigFilesView> done) override;
  void check(server::ConfigFileChanges changes,
             server::Done<server::ConfigCheckView> done) override;
  void publish(server::ConfigPublication publication,
               server::Done<server::ConfigPublished> done) override;
  void history(size_t limit, server::Done<std::vector<server::ConfigVersionView>> done) override;
  void version(int64_t id, server::Done<std::optional<server::ConfigVersionView>> done) override;
  void revert(server::ConfigReversion reversion,
              server::Done<std::optional<server::ConfigPublished>> done) override;

 private:
  struct Publishing;
  using Answer = std::function<void(Result<server::ConfigPublished>)>;
  std::string why_not() const;  // empty: it can be changed
  Result<FileTexts> on_disk() const;
  server::ConfigCheckView look_at(const FileTexts& files) const;
  std::optional<server::ConfigPublished> conflict(const std::string& base, const FileTexts& now);
  std::optional<FileTexts> texts_of(const std::string& hash);
  void begin(FileTexts before, FileTexts after, ConfigVersion version, Answer answer);
  void write(const std::shared_ptr<Publishing>& publishing);
  void put_back(const std::shared_ptr<Publishing>& publishing,
                Result<server::ConfigPublished> answer);
  void in_background(std::function<void()> work);

  Live& live_;
  const std::string directory_;
  const Reload reload_;
  PosixDisk disk_;
  bool busy_ = false;  // on the background loop
};

}  // namespace tocsin
