#include "tocsin/config_desk.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace tocsin {
namespace {

using server::ConfigCheckView;
using server::ConfigPublished;
using server::ConfigVersionView;

std::string_view to_text(FileDifference::What what) {
  switch (what) {
    case FileDifference::What::kAdded:
      return "added";
    case FileDifference::What::kRemoved:
      return "removed";
    case FileDifference::What::kChanged:
      return "changed";
  }
  return "";
}

ConfigVersionView view_of(const ConfigVersion& version) {
  ConfigVersionView out;
  out.id = version.id;
  out.at = version.at;
  out.kind = tocsin::to_text(version.kind);
  out.author = version.author;
  out.reason = version.reason;
  out.hash = version.hash;
  out.of = version.of;
  for (const FileDifference& one : version.changes)
    out.changes.push_back(
        {one.file, std::string(to_text(one.what)), one.lines_added, one.lines_removed, one.diff});
  return out;
}

// Workers of `next` whose models `now` does not have.
std::vector<std::string> retrained(const streamer::WorkerSet& now,
                                   const streamer::WorkerSet& next) {
  const auto known = now.identities();
  std::vector<std::string> out;
  for (const auto& identity : next.identities())
    if (std::find(known.begin(), known.end(), identity) == known.end()) out.push_back(identity.id);
  return out;
}

// What a person calls the files of a change.
std::string names_of(const FileChanges& changes) {
  std::string out;
  for (const auto& [name, text] : changes) out += (out.empty() ? "" : ", ") + name;
  return out;
}

// A folder that nobody published to is the first version; so is one that was edited by hand since.
Result<void> keep_found(state::Database& database, const FileTexts& files, TimeMs at) {
  auto newest = list_versions(database, 1, false);
  if (!newest) return fail(newest.error());
  if (!newest->empty() && newest->front().hash == hash_of(files)) return {};
  ConfigVersion found;
  found.at = at;
  found.kind = VersionKind::kFound;
  FileTexts before = files;
  if (!newest->empty()) {
    auto texts = version_texts(database, newest->front().id);
    if (!texts) return fail(texts.error());
    before = std::move(**texts);
    found.reason = "edited in the folder";
  } else {
    found.reason = "as the folder was before the first change from here";
  }
  auto kept = keep_version(database, found, before, files);
  if (!kept) return fail(kept.error());
  return {};
}

}  // namespace

std::vector<server::ConfigProblem> problems_of(const config::Problems& problems) {
  std::vector<server::ConfigProblem> out;
  for (const config::Problem& one : problems.list())
    out.push_back({one.place.file, one.place.line, one.place.column, one.message});
  return out;
}

struct LiveConfigDesk::Publishing {
  FileTexts before, after;
  FileChanges changes;
  ConfigVersion version;
  Answer answer;
};

LiveConfigDesk::LiveConfigDesk(Live& live, std::string directory, Reload reload)
    : live_(live), directory_(std::move(directory)), reload_(std::move(reload)) {}

void LiveConfigDesk::in_background(std::function<void()> work) {
  live_.background().post(std::move(work));
}

std::string LiveConfigDesk::why_not() const {
  if (directory_.empty())
    return "the server was started without --config: it has no folder that could be changed; "
           "start it with --config DIR";
  if (::access(directory_.c_str(), W_OK | X_OK) != 0)
    return fmt::format(
        "the server may not write to {}; give its user the right to, or publish "
        "with what wrote the folder",
        directory_);
  return "";
}

Result<FileTexts> LiveConfigDesk::on_disk() const {
  if (directory_.empty()) return FileTexts();
  config::Problems problems;
  const config::Folder folder = config::Folder::load(directory_, problems);
  // What is not YAML is for whoever edits it; what could not be read must not be taken for gone.
  for (const config::Problem& one : problems.list())
    if (one.place.line == 0)
      return fail(ErrorCode::kUnavailable, fmt::format("reading the configuration in {} failed: {}",
                                                       directory_, one.text()));
  return folder.files();
}

ConfigCheckView LiveConfigDesk::look_at(const FileTexts& files) const {
  ConfigCheckView out;
  for (const auto& [name, text] : files) {
    if (const auto wrong = name_problem(name)) out.problems.push_back({name, 0, 0, *wrong});
    if (text.size() > kConfigFileBytesMax)
      out.problems.push_back(
          {name, 0, 0,
           fmt::format("is {} bytes long; at most {} are read", text.size(), kConfigFileBytesMax)});
  }
  config::Problems problems;
  const auto made =
      Configuration::build(config::Folder::from_texts(files, problems), directory_, problems);
  for (server::ConfigProblem& one : problems_of(problems)) out.problems.push_back(std::move(one));
  for (const config::Problem& note : made->rules->notes())
    out.notes.push_back({note.place.file, note.place.line, note.place.column, note.message});
  if (out.problems.empty())
    out.retrains = retrained(*live_.configuration()->workers, *made->workers);
  return out;
}

void LiveConfigDesk::files(server::Done<server::ConfigFilesView> done) {
  in_background([this, done = std::move(done)] {
    auto files = on_disk();
    if (!files) return done(fail(files.error()));
    server::ConfigFilesView out;
    out.why_not = why_not();
    out.editable = out.why_not.empty();
    out.directory = directory_;
    out.hash = hash_of(*files);
    out.running = live_.configuration()->folder.version();
    out.files = std::move(*files);
    done(std::move(out));
  });
}

void LiveConfigDesk::check(server::ConfigFileChanges changes, server::Done<ConfigCheckView> done) {
  in_background([this, changes = std::move(changes), done = std::move(done)] {
    auto files = on_disk();
    if (!files) return done(fail(files.error()));
    done(look_at(with_changes(std::move(*files), changes)));
  });
}

// The texts that somebody looked at, as far as they are still known.
std::optional<FileTexts> LiveConfigDesk::texts_of(const std::string& hash) {
  const auto configuration = live_.configuration();
  if (hash_of(configuration->folder.files()) == hash) return configuration->folder.files();
  const auto id = version_of(live_.reader(), hash);
  if (!id || !*id) return std::nullopt;
  auto texts = version_texts(live_.reader(), **id);
  return texts ? std::move(*texts) : std::nullopt;
}

std::optional<ConfigPublished> LiveConfigDesk::conflict(const std::string& base,
                                                        const FileTexts& now) {
  const std::string hash = hash_of(now);
  if (base == hash) return std::nullopt;
  ConfigPublished::Conflict out;
  out.hash = hash;
  if (const auto looked_at = texts_of(base)) {
    const FileChanges changes = changes_between(*looked_at, now);
    for (const auto& [name, text] : changes) out.files.push_back(name);
    out.message = fmt::format(
        "the configuration is not published: somebody changed {} meanwhile; "
        "look at it and publish again",
        names_of(changes));
  } else {
    out.message =
        "the configuration is not published: the folder is not what you looked at; read "
        "it again and publish on top of it";
  }
  ConfigPublished answer;
  answer.conflict = std::move(out);
  return answer;
}

void LiveConfigDesk::publish(server::ConfigPublication publication,
                             server::Done<ConfigPublished> done) {
  in_background([this, publication = std::move(publication), done = std::move(done)] {
    if (const std::string why = why_not(); !why.empty())
      return done(fail(ErrorCode::kRefused, why));
    auto now = on_disk();
    if (!now) return done(fail(now.error()));
    if (auto refused = conflict(publication.base_hash, *now)) return done(std::move(*refused));
    ConfigVersion version;
    version.at = live_.clock().now();
    version.author = publication.author;
    version.reason = publication.reason;
    FileTexts after = with_changes(*now, publication.files);
    begin(std::move(*now), std::move(after), std::move(version), done);
  });
}

void LiveConfigDesk::revert(server::ConfigReversion reversion,
                            server::Done<std::optional<ConfigPublished>> done) {
  in_background([this, reversion = std::move(reversion), done = std::move(done)] {
    if (const std::string why = why_not(); !why.empty())
      return done(fail(ErrorCode::kRefused, why));
    auto texts = version_texts(live_.reader(), reversion.version);
    if (!texts) return done(fail(texts.error()));
    if (!*texts) return done(std::optional<ConfigPublished>());
    auto now = on_disk();
    if (!now) return done(fail(now.error()));
    if (!reversion.base_hash.empty())
      if (auto refused = conflict(reversion.base_hash, *now))
        return done(std::optional<ConfigPublished>(std::move(*refused)));
    ConfigVersion version;
    version.at = live_.clock().now();
    version.kind = VersionKind::kReverted;
    version.author = reversion.author;
    version.reason = reversion.reason;
    version.of = reversion.version;
    begin(std::move(*now), std::move(**texts), std::move(version),
          [done](Result<ConfigPublished> answer) {
            if (!answer) return done(fail(answer.error()));
            done(std::optional<ConfigPublished>(std::move(*answer)));
          });
  });
}

void LiveConfigDesk::begin(FileTexts before, FileTexts after, ConfigVersion version,
                           Answer answer) {
  if (busy_)
    return answer(fail(ErrorCode::kUnavailable,
                       "publishing the configuration: another change is being published; try "
                       "again in a second"));
  auto publishing = std::make_shared<Publishing>();
  publishing->changes = changes_between(before, after);
  ConfigPublished out;
  out.problems = look_at(after).problems;
  out.hash = hash_of(after);
  out.running = live_.configuration()->folder.version();
  if (!out.problems.empty() || publishing->changes.empty()) return answer(std::move(out));
  publishing->before = std::move(before);
  publishing->after = std::move(after);
  publishing->version = std::move(version);
  publishing->answer = std::move(answer);
  busy_ = true;
  live_.decisions().write_state([this, publishing](state::Database& database) {
    auto found = keep_found(database, publishing->before, publishing->version.at);
    auto id =
        found ? keep_version(database, publishing->version, publishing->before, publishing->after)
              : Result<int64_t>(fail(found.error()));
    in_background([this, publishing, id = std::move(id)] {
      if (!id) {
        busy_ = false;
        return publishing->answer(fail(id.error()));
      }
      publishing->version.id = *id;
      write(publishing);
    });
  });
}

void LiveConfigDesk::write(const std::shared_ptr<Publishing>& publishing) {
  if (auto done = write_changes(disk_, directory_, publishing->changes); !done)
    return put_back(publishing, fail(done.error()));
  const server::ReloadView reloaded = reload_();
  ConfigPublished out;
  out.version = publishing->version.id;
  out.hash = hash_of(publishing->after);
  out.running = reloaded.version;
  out.rebuilding = reloaded.rebuilding;
  if (!reloaded.error.empty()) {
    // It was right a moment ago: what changed since is not in the texts.
    return put_back(publishing,
                    fail(ErrorCode::kRefused, "publishing the configuration: " + reloaded.error +
                                                  "; the files are as they were"));
  }
  log::info("configuration {} is published by {}: {} ({})", out.running, publishing->version.author,
            publishing->version.reason, names_of(publishing->changes));
  busy_ = false;
  publishing->answer(std::move(out));
}

void LiveConfigDesk::put_back(const std::shared_ptr<Publishing>& publishing,
                              Result<ConfigPublished> answer) {
  const FileChanges back = changes_between(publishing->after, publishing->before);
  if (auto done = write_changes(disk_, directory_, back); !done)
    log::error(
        "the configuration in {} could not be put back as it was: {}; the next start goes "
        "on with it",
        directory_, done.error().text());
  live_.decisions().write_state([this, publishing, answer](state::Database& database) {
    if (auto done = drop_version(database, publishing->version.id); !done)
      log::warning(
          "version {} of the configuration was not published but stays in the history: "
          "{}",
          publishing->version.id, done.error().text());
    in_background([this, publishing, answer] {
      busy_ = false;
      publishing->answer(answer);
    });
  });
}

void LiveConfigDesk::history(size_t limit, server::Done<std::vector<ConfigVersionView>> done) {
  in_background([this, limit, done = std::move(done)] {
    auto versions = list_versions(live_.reader(), limit, false);
    if (!versions) return done(fail(versions.error()));
    auto now = on_disk();
    const std::string hash = now ? hash_of(*now) : "";
    bool current = true;  // the newest of those that are the same
    std::vector<ConfigVersionView> out;
    for (const ConfigVersion& version : *versions) {
      out.push_back(view_of(version));
      if (version.hash == hash) out.back().current = std::exchange(current, false);
    }
    done(std::move(out));
  });
}

void LiveConfigDesk::version(int64_t id, server::Done<std::optional<ConfigVersionView>> done) {
  in_background([this, id, done = std::move(done)] {
    auto version = read_version(live_.reader(), id);
    if (!version) return done(fail(version.error()));
    if (!*version) return done(std::optional<ConfigVersionView>());
    ConfigVersionView out = view_of(**version);
    auto now = on_disk();
    out.current = now && hash_of(*now) == out.hash;
    done(std::optional<ConfigVersionView>(std::move(out)));
  });
}

}  // namespace tocsin
