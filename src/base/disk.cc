#include "base/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace tocsin {
namespace {

tl::unexpected<Error> system_error(std::string_view what, std::string_view path, int code) {
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  return fail(full ? ErrorCode::kExhausted : ErrorCode::kUnavailable,
              fmt::format("cannot {} {}: {}{}", what, path, std::strerror(code),
                          full ? "; make room on the disk" : ""));
}

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~PosixFile() override { ::close(fd_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  Result<void> write_at(uint64_t offset, std::span<const std::string_view> parts) override {
    std::vector<iovec> vectors;
    vectors.reserve(parts.size());
    for (const std::string_view part : parts)
      if (!part.empty()) vectors.push_back({const_cast<char*>(part.data()), part.size()});
    size_t next = 0;
    while (next < vectors.size()) {
      const auto count = static_cast<int>(std::min<size_t>(vectors.size() - next, 512));
      const ssize_t wrote =
          ::pwritev(fd_, vectors.data() + next, count, static_cast<off_t>(offset));
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) return system_error("write", path_, wrote == 0 ? EIO : errno);
      offset += static_cast<uint64_t>(wrote);
      next = skip(vectors, next, static_cast<size_t>(wrote));
    }
    return {};
  }

  Result<std::string> read_at(uint64_t offset, size_t bytes) override {
    std::string out(bytes, '\0');
    size_t filled = 0;
    while (filled < bytes) {
      const ssize_t got =
          ::pread(fd_, out.data() + filled, bytes - filled, static_cast<off_t>(offset + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return system_error("read", path_, errno);
      if (got == 0) break;
      filled += static_cast<size_t>(got);
    }
    out.resize(filled);
    return out;
  }

  Result<void> preallocate(uint64_t bytes) override {
    const int code = ::posix_fallocate(fd_, 0, static_cast<off_t>(bytes));
    if (code != 0) return system_error("reserve space for", path_, code);
    return {};
  }

  Result<void> truncate(uint64_t bytes) override {
    if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) return system_error("cut", path_, errno);
    return {};
  }

  Result<void> sync() override {
    if (::fdatasync(fd_) != 0) return system_error("sync", path_, errno);
    return {};
  }

  Result<uint64_t> size() override {
    struct stat info{};
    if (::fstat(fd_, &info) != 0) return system_error("look at", path_, errno);
    return static_cast<uint64_t>(info.st_size);
  }

 private:
  // Takes `wrote` bytes off the front; returns the first vector that still has some.
  static size_t skip(std::vector<iovec>& vectors, size_t next, size_t wrote) {
    while (next < vectors.size() && wrote >= vectors[next].iov_len)
      wrote -= vectors[next++].iov_len;
    if (wrote > 0) {
      vectors[next].iov_base = static_cast<char*>(vectors[next].iov_base) + wrote;
      vectors[next].iov_len -= wrote;
    }
    return next;
  }

  const int fd_;
  const std::string path_;
};

int open_flags(Disk::Mode mode) {
  switch (mode) {
    case Disk::Mode::kRead:
      return O_RDONLY | O_CLOEXEC;
    case Disk::Mode::kWrite:
      return O_RDWR | O_CLOEXEC;
    case Disk::Mode::kCreate:
      return O_RDWR | O_CREAT | O_CLOEXEC;
  }
  return O_RDONLY;
}

}  // namespace

Result<std::unique_ptr<File>> PosixDisk::open(const std::string& path, Mode mode) {
  const int fd = ::open(path.c_str(), open_flags(mode), 0640);
  if (fd < 0) return system_error("open", path, errno);
  return std::unique_ptr<File>(std::make_unique<PosixFile>(fd, path));
}

Result<void> PosixDisk::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    return system_error("rename", fmt::format("{} to {}", from, to), errno);
  return {};
}

Result<void> PosixDisk::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error("remove", path, errno);
  return {};
}

Result<void> PosixDisk::make_directory(const std::string& path) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code) return system_error("make the directory", path, code.value());
  return {};
}

Result<std::vector<std::string>> PosixDisk::list(const std::string& directory) {
  std::vector<std::string> names;
  DIR* handle = ::opendir(directory.c_str());
  if (handle == nullptr) {
    if (errno == ENOENT) return names;
    return system_error("list", directory, errno);
  }
  while (const dirent* entry = ::readdir(handle)) {
    std::error_code code;
    const std::string path = directory + "/" + entry->d_name;
    if (std::filesystem::is_regular_file(path, code)) names.emplace_back(entry->d_name);
  }
  ::closedir(handle);
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> PosixDisk::sync_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return system_error("open", path, errno);
  const int code = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (code != 0) return system_error("sync the directory", path, code);
  return {};
}

Result<uint64_t> PosixDisk::free_bytes(const std::string& path) {
  struct statvfs info{};
  if (::statvfs(path.c_str(), &info) != 0) return system_error("look at", path, errno);
  return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
}

Result<void> write_file_atomically(Disk& disk, const std::string& directory,
                                   const std::string& name, std::string_view bytes) {
  const std::string path = directory + "/" + name;
  const std::string temporary = path + ".new";
  if (auto done = disk.remove(temporary); !done) return done;
  {
    auto file = disk.open(temporary, Disk::Mode::kCreate);
    if (!file) return fail(file.error());
    const std::string_view parts[] = {bytes};
    if (auto done = (*file)->write_at(0, parts); !done) return done;
    if (auto done = (*file)->sync(); !done) return done;
  }
  if (auto done = disk.rename(temporary, path); !done) return done;
  return disk.sync_directory(directory);
}

Result<std::string> read_whole_file(Disk& disk, const std::string& path) {
  auto file = disk.open(path, Disk::Mode::kRead);
  if (!file) return fail(file.error());
  const auto size = (*file)->size();
  if (!size) return fail(size.error());
  return (*file)->read_at(0, *size);
}

}  // namespace tocsin
