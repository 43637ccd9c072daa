#include "base/faulty_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace tocsin {
namespace {

constexpr uint64_t kSector = 512;

tl::unexpected<Error> no_space(std::string_view what, const std::string& path) {
  return fail(ErrorCode::kExhausted,
              fmt::format("cannot {} {}: No space left on device", what, path));
}
tl::unexpected<Error> io_error(std::string_view what, const std::string& path) {
  return fail(ErrorCode::kUnavailable, fmt::format("cannot {} {}: Input/output error", what, path));
}

}  // namespace

struct FaultyDisk::Node {
  std::string cached;        // as the running system reads it
  std::string kept;          // as it is after a power cut that loses everything it may
  std::set<uint64_t> dirty;  // sectors of `cached` that `kept` may not have
  // Sectors that a failed sync left behind: not dirty any more, perhaps never written.
  std::set<uint64_t> doubtful;
};

struct FaultyDisk::NameChange {
  std::string remove;  // empty: none
  std::string add;
  std::shared_ptr<Node> node;
};

class FaultyFile final : public File {
 public:
  FaultyFile(FaultyDisk& disk, std::shared_ptr<FaultyDisk::Node> node, std::string path)
      : disk_(disk), node_(std::move(node)), path_(std::move(path)), power_(disk.generation_) {}

  Result<void> write_at(uint64_t offset, std::span<const std::string_view> parts) override {
    const std::lock_guard lock(disk_.mutex_);
    std::string bytes;
    for (const std::string_view part : parts) bytes += part;
    const uint64_t grows = std::max(node_->cached.size(), offset + bytes.size());
    if (disk_.used_bytes() - node_->cached.size() + grows > disk_.capacity_) {
      return no_space("write", path_);
    }
    if (disk_.write_fails_in_ != UINT64_MAX && disk_.write_fails_in_-- == 0) {
      disk_.write_fails_in_ = UINT64_MAX;
      put(offset, bytes.substr(0, disk_.random_.below(bytes.size() + 1)));
      return disk_.write_fails_full_ ? no_space("write", path_) : io_error("write", path_);
    }
    const bool power_was_on = !disk_.cut_ && power_ == disk_.generation_;
    if (auto alive = live("write"); !alive) {
      if (power_was_on) put(offset, bytes);  // cut in the middle of it: any part may be kept
      return alive;
    }
    put(offset, bytes);
    return {};
  }

  Result<std::string> read_at(uint64_t offset, size_t bytes) override {
    const std::lock_guard lock(disk_.mutex_);
    if (offset >= node_->cached.size()) return std::string();
    return node_->cached.substr(offset, bytes);
  }

  // Allocation is kept like the bytes are: it is of use only after a sync.
  Result<void> preallocate(uint64_t bytes) override {
    const std::lock_guard lock(disk_.mutex_);
    if (auto alive = live("reserve space for"); !alive) return alive;
    if (bytes <= node_->cached.size()) return {};
    if (disk_.used_bytes() - node_->cached.size() + bytes > disk_.capacity_)
      return no_space("reserve space for", path_);
    put(node_->cached.size(), std::string(bytes - node_->cached.size(), '\0'));
    return {};
  }

  Result<void> truncate(uint64_t bytes) override {
    const std::lock_guard lock(disk_.mutex_);
    if (auto alive = live("cut"); !alive) return alive;
    node_->cached.resize(bytes);
    for (uint64_t s = bytes / kSector; s * kSector < node_->kept.size(); ++s)
      node_->dirty.insert(s);
    return {};
  }

  Result<void> sync() override {
    const std::lock_guard lock(disk_.mutex_);
    if (disk_.sync_fails_in_ != UINT64_MAX && disk_.sync_fails_in_-- == 0) {
      disk_.sync_fails_in_ = UINT64_MAX;
      node_->doubtful.merge(node_->dirty);
      node_->dirty.clear();
      return io_error("sync", path_);
    }
    if (auto alive = live("sync"); !alive) return alive;
    node_->kept.resize(node_->cached.size());
    for (const uint64_t sector : node_->dirty) keep(*node_, sector);
    node_->dirty.clear();
    return {};
  }

  Result<uint64_t> size() override {
    const std::lock_guard lock(disk_.mutex_);
    return static_cast<uint64_t>(node_->cached.size());
  }

  static void keep(FaultyDisk::Node& node, uint64_t sector) {
    const uint64_t from = sector * kSector;
    if (from >= node.cached.size()) return;
    const uint64_t length = std::min(kSector, node.cached.size() - from);
    if (node.kept.size() < from + length) node.kept.resize(from + length, '\0');
    node.kept.replace(from, length, node.cached, from, length);
  }

 private:
  Result<void> live(std::string_view what) {
    if (power_ != disk_.generation_) return io_error(what, path_);
    return disk_.step(what, path_);
  }

  void put(uint64_t offset, const std::string& bytes) {
    if (bytes.empty()) return;
    if (node_->cached.size() < offset + bytes.size())
      node_->cached.resize(offset + bytes.size(), '\0');
    node_->cached.replace(offset, bytes.size(), bytes);
    for (uint64_t s = offset / kSector; s * kSector < offset + bytes.size(); ++s) {
      node_->dirty.insert(s);
      node_->doubtful.erase(s);
    }
  }

  FaultyDisk& disk_;
  std::shared_ptr<FaultyDisk::Node> node_;
  const std::string path_;
  const uint64_t power_;
};

FaultyDisk::FaultyDisk(uint64_t seed) : random_(seed) {}
FaultyDisk::~FaultyDisk() = default;

void FaultyDisk::fail_write_after(uint64_t calls, bool disk_full) {
  const std::lock_guard lock(mutex_);
  write_fails_in_ = calls;
  write_fails_full_ = disk_full;
}
void FaultyDisk::fail_sync_after(uint64_t calls) {
  const std::lock_guard lock(mutex_);
  sync_fails_in_ = calls;
}
void FaultyDisk::set_capacity(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
}
void FaultyDisk::heal() {
  const std::lock_guard lock(mutex_);
  write_fails_in_ = sync_fails_in_ = cut_at_ = capacity_ = UINT64_MAX;
}
void FaultyDisk::cut_after(uint64_t operations) {
  const std::lock_guard lock(mutex_);
  cut_at_ = operations_ + operations;
}
bool FaultyDisk::is_cut() const {
  const std::lock_guard lock(mutex_);
  return cut_;
}
uint64_t FaultyDisk::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

void FaultyDisk::power_cut() {
  const std::lock_guard lock(mutex_);
  ++generation_;
  cut_ = false;
  cut_at_ = UINT64_MAX;
  const uint64_t kept_changes = random_.below(changes_.size() + 1);
  for (uint64_t i = 0; i < kept_changes; ++i) apply(kept_names_, changes_[i]);
  changes_.clear();
  // A chance per file, so that "all", "none" and "some" all happen often.
  for (auto& [name, node] : kept_names_) {
    const uint64_t chance = random_.below(3);
    for (auto* sectors : {&node->dirty, &node->doubtful})
      for (const uint64_t sector : *sectors)
        if (chance == 2 || (chance == 1 && random_.below(2) == 0)) FaultyFile::keep(*node, sector);
    node->dirty.clear();
    node->doubtful.clear();
    node->cached = node->kept;
  }
  names_ = kept_names_;
}

void FaultyDisk::corrupt(const std::string& path, uint64_t offset) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) return;
  for (std::string* bytes : {&found->second->cached, &found->second->kept})
    if (offset < bytes->size()) (*bytes)[offset] = static_cast<char>((*bytes)[offset] ^ 0x10);
}

Result<void> FaultyDisk::step(std::string_view what, const std::string& path) {
  if (cut_) return io_error(what, path);
  if (++operations_ >= cut_at_) {
    cut_ = true;
    return io_error(what, path);
  }
  return {};
}

uint64_t FaultyDisk::used_bytes() const {
  uint64_t bytes = 0;
  for (const auto& [name, node] : names_) bytes += node->cached.size();
  return bytes;
}

void FaultyDisk::apply(Names& names, const NameChange& change) const {
  if (!change.remove.empty()) names.erase(change.remove);
  if (!change.add.empty()) names[change.add] = change.node;
}

Result<std::unique_ptr<File>> FaultyDisk::open(const std::string& path, Mode mode) {
  const std::lock_guard lock(mutex_);
  auto found = names_.find(path);
  if (found == names_.end()) {
    if (mode != Mode::kCreate)
      return fail(ErrorCode::kUnavailable,
                  fmt::format("cannot open {}: No such file or directory", path));
    if (auto alive = step("create", path); !alive) return fail(alive.error());
    changes_.push_back({"", path, std::make_shared<Node>()});
    apply(names_, changes_.back());
    found = names_.find(path);
  }
  return std::unique_ptr<File>(std::make_unique<FaultyFile>(*this, found->second, path));
}

Result<void> FaultyDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(from);
  if (found == names_.end())
    return fail(ErrorCode::kUnavailable,
                fmt::format("cannot rename {}: No such file or directory", from));
  if (auto alive = step("rename", from); !alive) return alive;
  changes_.push_back({from, to, found->second});
  apply(names_, changes_.back());
  return {};
}

Result<void> FaultyDisk::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!names_.contains(path)) return {};
  if (auto alive = step("remove", path); !alive) return alive;
  changes_.push_back({path, "", nullptr});
  apply(names_, changes_.back());
  return {};
}

// Directories are taken for granted: only their entries are modelled.
Result<void> FaultyDisk::make_directory(const std::string&) { return {}; }

Result<std::vector<std::string>> FaultyDisk::list(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  const std::string prefix = directory + "/";
  for (const auto& [name, node] : names_)
    if (name.starts_with(prefix) && name.find('/', prefix.size()) == std::string::npos)
      out.push_back(name.substr(prefix.size()));
  return out;
}

Result<void> FaultyDisk::sync_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (auto alive = step("sync the directory", path); !alive) return alive;
  kept_names_ = names_;
  changes_.clear();
  return {};
}

Result<uint64_t> FaultyDisk::free_bytes(const std::string&) {
  const std::lock_guard lock(mutex_);
  return capacity_ - std::min(capacity_, used_bytes());
}

}  // namespace tocsin
