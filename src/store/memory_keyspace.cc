#include <array>
#include <map>
#include <mutex>

#include "store/keyspace.h"

namespace tocsin {
namespace {

using Rows = std::map<std::string, std::string, std::less<>>;

class MapKeyspace final : public FragileKeyspace {
 public:
  Result<void> write(const KeyBatch& batch) override {
    const std::lock_guard lock(mutex_);
    if (fails()) return failure("write");
    for (const KeyBatch::Removal& gone : batch.removals)
      now_[static_cast<size_t>(gone.family)].erase(gone.key);
    for (const KeyBatch::Put& put : batch.puts)
      now_[static_cast<size_t>(put.family)][put.key] = put.value;
    return {};
  }

  Result<void> flush() override {
    const std::lock_guard lock(mutex_);
    if (fails()) return failure("flush");
    kept_ = now_;
    return {};
  }

  Result<std::optional<std::string>> get(KeyFamily family, std::string_view key) override {
    const std::lock_guard lock(mutex_);
    const Rows& rows = now_[static_cast<size_t>(family)];
    const auto found = rows.find(key);
    if (found == rows.end()) return std::optional<std::string>();
    return std::optional<std::string>(found->second);
  }

  using Keyspace::scan;
  Result<void> scan(KeyFamily family, std::string_view from, std::string_view to,
                    const Visit& visit, std::vector<KeyGap>*) override {
    const std::lock_guard lock(mutex_);
    const Rows& rows = now_[static_cast<size_t>(family)];
    for (auto at = rows.lower_bound(from); at != rows.end() && at->first < to; ++at)
      if (!visit(at->first, at->second)) break;
    return {};
  }

  Result<void> drop_range(KeyFamily family, std::string_view from, std::string_view to) override {
    const std::lock_guard lock(mutex_);
    Rows& rows = now_[static_cast<size_t>(family)];
    rows.erase(rows.lower_bound(from), rows.lower_bound(to));
    return {};
  }

  KeyspaceStats stats() override {
    const std::lock_guard lock(mutex_);
    KeyspaceStats out;
    for (const Rows& rows : now_)
      for (const auto& [key, value] : rows) out.memory_bytes += key.size() + value.size();
    return out;
  }

  uint64_t disk_bytes(KeyFamily family, std::string_view from, std::string_view to) override {
    const std::lock_guard lock(mutex_);
    const Rows& rows = now_[static_cast<size_t>(family)];
    uint64_t bytes = 0;
    for (auto at = rows.lower_bound(from); at != rows.end() && at->first < to; ++at)
      bytes += at->first.size() + at->second.size();
    return bytes;
  }

  Result<void> compact(KeyFamily, std::string_view, std::string_view) override {
    return {};  // a map holds nothing that is gone
  }

  Result<FileReport> check_files(const std::function<bool(uint64_t)>&) override {
    return FileReport{};  // there are none
  }

  void power_cut() override {
    const std::lock_guard lock(mutex_);
    now_ = kept_;
    failures_ = 0;
  }

  void fail_next(uint64_t calls) override {
    const std::lock_guard lock(mutex_);
    failures_ = calls;
  }

 private:
  bool fails() {
    if (failures_ == 0) return false;
    --failures_;
    return true;
  }
  static tl::unexpected<Error> failure(std::string_view what) {
    return fail(ErrorCode::kUnavailable,
                "cannot " + std::string(what) + " the keyspace in memory: it was told to fail");
  }

  std::mutex mutex_;
  std::array<Rows, kKeyFamilies> now_, kept_;
  uint64_t failures_ = 0;
};

}  // namespace

std::unique_ptr<FragileKeyspace> make_memory_keyspace() { return std::make_unique<MapKeyspace>(); }

}  // namespace tocsin
