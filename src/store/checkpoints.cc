#include "store/checkpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <vector>

#include "base/log.h"
#include "store/crc32c.h"

namespace tocsin {
namespace {

constexpr std::string_view kMagic = "TOCSINK1";
constexpr size_t kHeaderBytes = 20;  // magic 8, crc 4, lsn 8
constexpr size_t kKept = 2;

std::string file_name(std::string_view name, Lsn lsn) {
  return fmt::format("{}-{:020}.checkpoint", name, lsn.value);
}

// Lsns of the files of this name, newest first.
Result<std::vector<Lsn>> lsns_of(Disk& disk, const std::string& directory, std::string_view name) {
  const auto files = disk.list(directory);
  if (!files) return fail(files.error());
  std::vector<Lsn> out;
  for (const std::string& file : *files) {
    if (!file.starts_with(name) || file.size() <= name.size() + 1) continue;
    Lsn lsn;
    const char* const digits = file.data() + name.size() + 1;
    std::from_chars(digits, file.data() + file.size(), lsn.value);
    if (file == file_name(name, lsn)) out.push_back(lsn);
  }
  std::sort(out.begin(), out.end(), std::greater<>());
  return out;
}

std::optional<Checkpoint> parse(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || bytes.substr(0, kMagic.size()) != kMagic) return std::nullopt;
  uint32_t crc;
  Checkpoint out;
  std::memcpy(&crc, bytes.data() + 8, sizeof crc);
  std::memcpy(&out.lsn.value, bytes.data() + 12, sizeof out.lsn.value);
  if (crc32c(bytes.substr(12)) != crc) return std::nullopt;
  out.bytes = bytes.substr(kHeaderBytes);
  return out;
}

}  // namespace

Result<void> write_checkpoint(Disk& disk, const std::string& directory, std::string_view name,
                              Lsn lsn, std::string_view bytes) {
  std::string file(kHeaderBytes, '\0');
  std::memcpy(file.data(), kMagic.data(), kMagic.size());
  std::memcpy(file.data() + 12, &lsn.value, sizeof lsn.value);
  file += bytes;
  const uint32_t crc = crc32c(std::string_view(file).substr(12));
  std::memcpy(file.data() + 8, &crc, sizeof crc);
  if (auto done = write_file_atomically(disk, directory, file_name(name, lsn), file); !done)
    return done;
  const auto lsns = lsns_of(disk, directory, name);
  if (!lsns) return fail(lsns.error());
  for (size_t i = kKept; i < lsns->size(); ++i)
    if (auto done = disk.remove(directory + "/" + file_name(name, (*lsns)[i])); !done) return done;
  return {};
}

Result<std::optional<Checkpoint>> read_latest_checkpoint(Disk& disk, const std::string& directory,
                                                         std::string_view name) {
  const auto lsns = lsns_of(disk, directory, name);
  if (!lsns) return fail(lsns.error());
  for (const Lsn lsn : *lsns) {
    const std::string path = directory + "/" + file_name(name, lsn);
    const auto bytes = read_whole_file(disk, path);
    if (!bytes) return fail(bytes.error());
    if (auto checkpoint = parse(*bytes)) return checkpoint;
    log::error("checkpoint {} does not check out; the one before it is used", path);
  }
  return std::optional<Checkpoint>();
}

Result<Lsn> oldest_checkpoint_lsn(Disk& disk, const std::string& directory, std::string_view name) {
  const auto lsns = lsns_of(disk, directory, name);
  if (!lsns) return fail(lsns.error());
  return lsns->empty() ? Lsn{0} : (*lsns)[std::min(kKept, lsns->size()) - 1];
}

}  // namespace tocsin
