#include "store/block_pool.h"

#include <algorithm>

namespace tocsin {

uint32_t BlockPool::take() {
  if (free_ == kNone) {
    const auto first = static_cast<uint32_t>(slabs_.size() * kSlabBlocks);
    slabs_.push_back(std::make_unique_for_overwrite<Block[]>(kSlabBlocks));
    for (uint32_t i = 0; i < kSlabBlocks; ++i)
      block(first + i).next = i + 1 < kSlabBlocks ? first + i + 1 : kNone;
    free_ = first;
  }
  const uint32_t index = free_;
  free_ = block(index).next;
  block(index).next = kNone;
  return index;
}

void BlockPool::append_across(Chain& chain, const char* bytes, size_t count) {
  while (count > 0) {
    const size_t at = chain.bytes % kDataBytes;
    if (at == 0) {  // the last block is full, or there is none
      const uint32_t next = take();
      (chain.last == kNone ? chain.first : block(chain.last).next) = next;
      chain.last = next;
    }
    const size_t part = std::min(count, kDataBytes - at);
    copy(block(chain.last).data + at, bytes, part);
    bytes += part;
    count -= part;
    chain.bytes += static_cast<uint32_t>(part);
  }
}

void BlockPool::gather(const Chain& chain, std::string& out) const {
  out.clear();
  out.reserve(chain.bytes);
  for (uint32_t at = chain.first; out.size() < chain.bytes; at = block(at).next)
    out.append(block(at).data, std::min<size_t>(kDataBytes, chain.bytes - out.size()));
}

void BlockPool::free(Chain& chain) {
  if (chain.last != kNone) {
    block(chain.last).next = free_;
    free_ = chain.first;
  }
  chain = {};
}

}  // namespace tocsin
