#include "store/checkpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <vector>

#include "base/bytes.h"
#include "base/log.h"
#include "store/crc32c.h"
#include "store/zstd.h"

namespace tocsin {
namespace {

constexpr std::string_view kMagic = "TOCSINK2";
constexpr size_t kSummedFrom = 12;   // magic 8, crc 4
constexpr size_t kHeaderBytes = 44;  // then lsn, time, tag, size of the state: 8 each
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

struct Head {
  uint32_t crc = 0;
  uint64_t size = 0;
  CheckpointMark mark;
};

std::optional<Head> parse_head(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic)) return std::nullopt;
  ByteReader in(bytes.substr(kMagic.size(), kHeaderBytes - kMagic.size()));
  Head out;
  out.crc = in.u32();
  out.mark.lsn = Lsn{in.u64()};
  out.mark.time.ms = static_cast<int64_t>(in.u64());
  out.mark.tag = in.u64();
  out.size = in.u64();
  return out;
}

std::optional<Checkpoint> parse(std::string_view bytes) {
  const auto head = parse_head(bytes);
  if (!head || crc32c(bytes.substr(kSummedFrom)) != head->crc) return std::nullopt;
  auto state = zstd_decompress(bytes.substr(kHeaderBytes), head->size);
  if (!state) return std::nullopt;
  return Checkpoint{head->mark.lsn, std::move(*state), head->mark};
}

std::string encode(const CheckpointMark& mark, const StatePieces& state) {
  ByteWriter head;
  for (const char c : kMagic) head.u8(static_cast<uint8_t>(c));
  head.u32(0);
  head.u64(mark.lsn.value);
  head.u64(static_cast<uint64_t>(mark.time.ms));
  head.u64(mark.tag);
  uint64_t size = 0;
  for (const std::string_view piece : state) size += piece.size();
  head.u64(size);
  std::string out = head.take();
  zstd_compress(state, out);
  const uint32_t crc = crc32c(std::string_view(out).substr(kSummedFrom));
  std::memcpy(out.data() + kMagic.size(), &crc, sizeof crc);
  return out;
}

tl::unexpected<Error> damaged(const std::string& path) {
  return fail(ErrorCode::kCorrupt, fmt::format("checkpoint {} does not check out", path));
}

}  // namespace

Result<uint64_t> write_checkpoint(Disk& disk, const std::string& directory, std::string_view name,
                                  const CheckpointMark& mark, const StatePieces& state,
                                  const DisposeFile& dispose) {
  const std::string file = encode(mark, state);
  if (auto done = write_file_atomically(disk, directory, file_name(name, mark.lsn), file); !done)
    return fail(done.error());
  const auto lsns = lsns_of(disk, directory, name);
  if (!lsns) return fail(lsns.error());
  for (size_t i = kKept; i < lsns->size(); ++i) {
    const std::string path = directory + "/" + file_name(name, (*lsns)[i]);
    if (auto done = dispose ? dispose(path) : disk.remove(path); !done) return fail(done.error());
  }
  return file.size();
}

Result<std::optional<Checkpoint>> read_latest_checkpoint(Disk& disk, const std::string& directory,
                                                         std::string_view name) {
  const auto lsns = lsns_of(disk, directory, name);
  if (!lsns) return fail(lsns.error());
  for (const Lsn lsn : *lsns) {
    const std::string path = directory + "/" + file_name(name, lsn);
    auto checkpoint = read_checkpoint(disk, path);
    if (checkpoint) return std::optional<Checkpoint>(std::move(*checkpoint));
    if (checkpoint.error().code != ErrorCode::kCorrupt) return fail(checkpoint.error());
    log::error("{}; the one before it is used", checkpoint.error().message);
  }
  return std::optional<Checkpoint>();
}

Result<Lsn> oldest_checkpoint_lsn(Disk& disk, const std::string& directory, std::string_view name) {
  const auto lsns = lsns_of(disk, directory, name);
  if (!lsns) return fail(lsns.error());
  return lsns->empty() ? Lsn{0} : (*lsns)[std::min(kKept, lsns->size()) - 1];
}

Result<std::vector<CheckpointFile>> list_checkpoints(Disk& disk, const std::string& directory,
                                                     std::string_view name) {
  const auto lsns = lsns_of(disk, directory, name);
  if (!lsns) return fail(lsns.error());
  std::vector<CheckpointFile> out;
  for (auto lsn = lsns->rbegin(); lsn != lsns->rend(); ++lsn) {
    CheckpointFile one{directory + "/" + file_name(name, *lsn), {}, 0};
    auto file = disk.open(one.path, Disk::Mode::kRead);
    if (!file) continue;  // it went meanwhile
    const auto size = (*file)->size();
    const auto bytes = (*file)->read_at(0, kHeaderBytes);
    const auto head = bytes ? parse_head(*bytes) : std::nullopt;
    if (!size || !head || head->mark.lsn != *lsn) continue;
    one.mark = head->mark;
    one.bytes = *size;
    out.push_back(std::move(one));
  }
  return out;
}

Result<CheckpointMark> read_checkpoint_mark(Disk& disk, const std::string& path) {
  auto file = disk.open(path, Disk::Mode::kRead);
  if (!file) return fail(file.error());
  const auto bytes = (*file)->read_at(0, kHeaderBytes);
  if (!bytes) return fail(bytes.error());
  const auto head = parse_head(*bytes);
  if (!head) return damaged(path);
  return head->mark;
}

Result<Checkpoint> read_checkpoint(Disk& disk, const std::string& path) {
  const auto bytes = read_whole_file(disk, path);
  if (!bytes) return fail(bytes.error());
  auto checkpoint = parse(*bytes);
  if (!checkpoint) return damaged(path);
  return std::move(*checkpoint);
}

}  // namespace tocsin
