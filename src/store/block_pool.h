#pragma once
// Memory of the open chunks of a head: chains of 64-byte blocks, so that thousands of chunks that
// grow in step share one size and leave no holes. No malloc per point; freed blocks are used again,
// and never returned to the system. One thread.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin {

class BlockPool {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr size_t kDataBytes = 60;  // of a block's 64; the rest is the link

  struct alignas(64) Block {
    char data[kDataBytes];
    uint32_t next;
  };
  // A chain being written: first and last block, and how full the last is.
  struct Chain {
    uint32_t first = kNone;
    uint32_t last = kNone;
    uint32_t bytes = 0;
  };
  void append(Chain& chain, const char* bytes, size_t count) {
    const size_t at = chain.bytes % kDataBytes;
    if (at != 0 && at + count <= kDataBytes) {
      copy(block(chain.last).data + at, bytes, count);
      chain.bytes += static_cast<uint32_t>(count);
      return;
    }
    append_across(chain, bytes, count);
  }
  // The bytes of a chain, one after the other, in `out` (cleared first).
  void gather(const Chain& chain, std::string& out) const;
  void free(Chain& chain);
  static size_t memory_of(const Chain& chain) {
    return (chain.bytes + kDataBytes - 1) / kDataBytes * sizeof(Block);
  }
  size_t bytes() const { return slabs_.size() * kSlabBlocks * sizeof(Block); }

 private:
  static constexpr uint32_t kSlabBlocks = 1024;
  Block& block(uint32_t index) const { return slabs_[index / kSlabBlocks][index % kSlabBlocks]; }
  static void copy(char* to, const char* from, size_t count) {
    for (size_t i = 0; i < count; ++i) to[i] = from[i];  // a few bytes: shorter than a call
  }
  void append_across(Chain& chain, const char* bytes, size_t count);
  uint32_t take();

  std::vector<std::unique_ptr<Block[]>> slabs_;
  uint32_t free_ = kNone;
};

}  // namespace tocsin
