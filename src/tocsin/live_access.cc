#include "tocsin/live_access.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <filesystem>
#include <future>

#include "access/token_file.h"
#include "base/log.h"

namespace tocsin {
namespace {

constexpr size_t kHashesWaitingMax = 16, kEntriesWaitingMax = 10'000;
constexpr DurationMs kTidyEvery = minutes(1), kPruneEvery = hours(1);
constexpr size_t kPrunedAtOnce = 10'000;

void write_private(const std::string& path, const std::string& text) {
  ::unlink(path.c_str());  // left by a crash, perhaps with another mode
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  const bool good =
      file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (file >= 0) ::close(file);
  if (!good)
    log::warning(
        "writing {} failed: `tocsin user` and `tocsin token` cannot reach this server "
        "while it runs",
        path);
}

}  // namespace

std::string command_file(const std::string& data) { return data + "/command-access"; }

LiveAccess::LiveAccess(const Clock& clock, Counters& counters, const AccessSettings& settings)
    : clock_(clock),
      settings_(settings),
      replies_(counters),
      refused_hashes_(counters.counter("tocsin_access_hashes_refused_total", "",
                                       "Passwords not checked because too many waited.")),
      dropped_entries_(counters.counter("tocsin_audit_dropped_total", "",
                                        "Lines of the audit log that were lost: too many waited, "
                                        "or the disk refused them.")) {}

LiveAccess::~LiveAccess() { stop(); }

Result<void> LiveAccess::start(Live& live, std::string_view listen_address, bool https) {
  live_ = &live;
  https_ = https;
  accounts_.emplace(
      [&live](std::function<void(state::Database&)> work) {
        live.decisions().write_state(std::move(work));
      },
      clock_, settings_.sessions);
  state::Database::Options options;
  options.access = state::Database::Access::kReader;
  options.check_on_open = false;
  auto reader = state::Database::open(live.data() + "/state.db", options);
  if (!reader) return fail(reader.error());
  reader_ = std::move(*reader);
  if (auto loaded = accounts_->load(*reader_); !loaded) return loaded;
  if (auto loaded = replies_.load(*reader_, clock_.now()); !loaded) return loaded;
  if (auto taken = take_over_tokens(); !taken) return taken;
  door_.emplace(*accounts_, listen_address, settings_.required);
  hash_thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "passwords");
    work_on_passwords();
  });
  live.background().post(
      [this] { live_->background().every(kTidyEvery, [this] { keep_house(); }); });
  return {};
}

// Once: the file is kept beside under another name, so that going back is possible.
Result<void> LiveAccess::take_over_tokens() {
  const std::string path = live_->data() + "/tokens";
  std::error_code none;
  if (!std::filesystem::exists(path, none)) return {};
  auto tokens = access::read_token_file(path);
  if (!tokens) return fail(tokens.error());
  std::promise<Result<size_t>> taken;
  accounts_->take_over(std::move(*tokens),
                       [&taken](Result<size_t> done) { taken.set_value(std::move(done)); });
  const Result<size_t> done = taken.get_future().get();
  if (!done) return fail(done.error());
  std::filesystem::rename(path, path + ".taken-over", none);
  log::info("{} tokens of {} are in the database now", *done, path);
  return {};
}

void LiveAccess::listening(const std::string& url) {
  command_file_ = command_file(live_->data());
  write_private(command_file_, url + "\n" + accounts_->begin_command_secret() + "\n");
  if (accounts_->any_user()) return;
  log::info(
      "there is no user yet; make the first one, an administrator, with this link (it works "
      "once, until the next start): {}/setup#{}",
      url, accounts_->begin_setup());
}

void LiveAccess::stop() {
  if (hash_thread_.joinable()) {
    {
      const std::lock_guard lock(hash_mutex_);
      hash_stops_ = true;
    }
    hash_waits_.notify_all();
    hash_thread_.join();
  }
  if (!command_file_.empty()) {
    ::unlink(command_file_.c_str());
    command_file_.clear();
    accounts_->tidy();
  }
}

server::AccessParts LiveAccess::parts() {
  return {
      .accounts = *accounts_,
      .limiter = limiter_,
      .replies = replies_,
      .door = *door_,
      .clock = clock_,
      .https = https_,
      .hash = [this](std::function<void()> work) { return hash(std::move(work)); },
      .read_audit =
          [this](access::AuditFilter filter, server::Done<std::vector<access::AuditEntry>> done) {
            read_audit(std::move(filter), std::move(done));
          },
      .record = [this](access::AuditEntry entry) { record(std::move(entry)); }};
}

bool LiveAccess::hash(std::function<void()> work) {
  {
    const std::lock_guard lock(hash_mutex_);
    if (hash_stops_ || hash_queue_.size() >= kHashesWaitingMax) {
      refused_hashes_.add();
      return false;
    }
    hash_queue_.push_back(std::move(work));
  }
  hash_waits_.notify_one();
  return true;
}

void LiveAccess::work_on_passwords() {
  for (;;) {
    std::function<void()> work;
    {
      std::unique_lock lock(hash_mutex_);
      hash_waits_.wait(lock, [this] { return hash_stops_ || !hash_queue_.empty(); });
      if (hash_stops_) return;
      work = std::move(hash_queue_.front());
      hash_queue_.pop_front();
    }
    work();
  }
}

void LiveAccess::record(access::AuditEntry entry) {
  {
    const std::lock_guard lock(record_mutex_);
    if (entries_.size() >= kEntriesWaitingMax) {
      dropped_entries_.add();
      return;
    }
    entries_.push_back(std::move(entry));
    if (std::exchange(flush_posted_, true)) return;
  }
  live_->decisions().write_state([this](state::Database& database) { flush(database); });
}

// On the SQL writer. A disk that refuses them now is asked again with the next change.
void LiveAccess::flush(state::Database& database) {
  std::vector<access::AuditEntry> entries;
  {
    const std::lock_guard lock(record_mutex_);
    flush_posted_ = false;
    entries.swap(entries_);
  }
  const std::vector<access::KeptReply> replies = replies_.take_new();
  if (entries.empty() && replies.empty()) return;
  const auto write = [&]() -> Result<void> {
    auto transaction = database.begin();
    if (!transaction) return fail(transaction.error());
    for (const access::AuditEntry& entry : entries)
      if (auto kept = access::write_audit(*transaction, entry); !kept) return kept;
    if (auto kept = access::Replies::write(*transaction, replies); !kept) return kept;
    return transaction->commit();
  };
  if (const auto done = write(); !done) {
    log::error("writing the audit log failed: {}", done.error().text());
    const std::lock_guard lock(record_mutex_);
    entries.insert(entries.end(), entries_.begin(), entries_.end());
    if (entries.size() > kEntriesWaitingMax) {
      dropped_entries_.add(entries.size() - kEntriesWaitingMax);
      entries.resize(kEntriesWaitingMax);
    }
    entries_ = std::move(entries);
  }
}

// Each minute, on the background loop.
void LiveAccess::keep_house() {
  accounts_->tidy();
  live_->decisions().write_state([this](state::Database& database) { flush(database); });
  const TimeMs now = clock_.now();
  if (now - pruned_at_ < kPruneEvery) return;
  pruned_at_ = now;
  live_->decisions().write_state([now, keep = settings_.audit_keep](state::Database& database) {
    auto transaction = database.begin();
    if (!transaction) return;
    const auto gone = access::remove_old_audit(*transaction, now - keep, kPrunedAtOnce);
    const bool good =
        gone.has_value() && access::Replies::remove_old(*transaction, now) && transaction->commit();
    if (!good) log::warning("removing what is old from the audit log failed; in an hour again");
  });
}

void LiveAccess::read_audit(access::AuditFilter filter,
                            server::Done<std::vector<access::AuditEntry>> done) {
  live_->background().post([this, filter = std::move(filter), done = std::move(done)] {
    done(access::read_audit(*reader_, filter));
  });
}

}  // namespace tocsin
