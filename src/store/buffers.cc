#include "store/buffers.h"

#include <algorithm>

#include "base/check.h"

namespace tocsin {

uint8_t Buffers::class_for(size_t bytes) {
  const auto* const found = std::lower_bound(kSizes.begin(), kSizes.end(), bytes);
  TOCSIN_CHECK(found != kSizes.end(), "no buffer of {} bytes", bytes);
  return static_cast<uint8_t>(found - kSizes.begin());
}

char* Buffers::get(uint8_t size_class) {
  if (free_[size_class] == nullptr) refill(size_class);
  Free* const first = free_[size_class];
  free_[size_class] = first->next;
  return reinterpret_cast<char*>(first);
}

void Buffers::put(uint8_t size_class, char* buffer) {
  auto* const freed = reinterpret_cast<Free*>(buffer);
  freed->next = free_[size_class];
  free_[size_class] = freed;
}

void Buffers::refill(uint8_t size_class) {
  const size_t size = kSizes[size_class];
  blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlockBytes));
  char* const block = blocks_.back().get();
  for (size_t at = (kBlockBytes / size) * size; at >= size; at -= size)
    put(size_class, block + at - size);
}

}  // namespace tocsin
