#pragma once
// Small buffers from size classes for the open chunks of a head: no malloc per point, and memory
// that is given back is used again. One thread. Blocks are never returned to the system.

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace tocsin {

class Buffers {
 public:
  // Steps of about a quarter, so that at most a fifth of a growing buffer is unused.
  static constexpr std::array<uint16_t, 18> kSizes{32,  48,  64,  80,  96,  128,  160,  192,  240,
                                                   304, 384, 480, 608, 768, 1024, 1536, 2048, 3072};
  static constexpr uint8_t kNoClass = UINT8_MAX;

  // The smallest class of at least `bytes`; bytes <= 3072.
  static uint8_t class_for(size_t bytes);
  static size_t size(uint8_t size_class) { return kSizes[size_class]; }
  char* get(uint8_t size_class);
  void put(uint8_t size_class, char* buffer);
  size_t bytes() const { return blocks_.size() * kBlockBytes; }

 private:
  static constexpr size_t kBlockBytes = 64u << 10;
  struct Free {
    Free* next;
  };
  void refill(uint8_t size_class);

  std::array<Free*, kSizes.size()> free_{};
  std::vector<std::unique_ptr<char[]>> blocks_;
};

}  // namespace tocsin
