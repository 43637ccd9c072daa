#pragma once
// The series that have one label value: refs, ascending. 16 bytes; two refs fit inside, so that a
// value of one series (most values of a large fleet) costs no allocation. Append only. One writer.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <utility>

#include "base/check.h"

namespace tocsin::query {

class Postings {
 public:
  Postings() = default;
  ~Postings() {
    if (capacity_ > kInside) std::free(heap_);
  }
  Postings(Postings&& other) noexcept { swap(other); }
  Postings& operator=(Postings&& other) noexcept {
    swap(other);
    return *this;
  }

  // `ref` is larger than all before.
  void add(uint32_t ref) {
    if (size_ == capacity_) grow();
    data()[size_++] = ref;
  }
  std::span<const uint32_t> view() const { return {capacity_ > kInside ? heap_ : inside_, size_}; }
  size_t size() const { return size_; }
  size_t heap_bytes() const { return capacity_ > kInside ? capacity_ * sizeof(uint32_t) : 0; }

 private:
  static constexpr uint32_t kInside = 2;
  uint32_t* data() { return capacity_ > kInside ? heap_ : inside_; }
  void swap(Postings& other) noexcept {
    uint32_t kept[kInside];
    std::memcpy(kept, inside_, sizeof kept);
    std::memcpy(inside_, other.inside_, sizeof kept);
    std::memcpy(other.inside_, kept, sizeof kept);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }
  void grow() {
    // By a quarter once it is long: a fleet's lists of all hosts are what the index weighs.
    const uint32_t wanted = capacity_ < 64 ? capacity_ * 2 + 4 : capacity_ + capacity_ / 4;
    void* const room =
        std::realloc(capacity_ > kInside ? heap_ : nullptr, wanted * sizeof(uint32_t));
    TOCSIN_CHECK(room != nullptr, "no memory for {} refs", wanted);
    if (capacity_ <= kInside) std::memcpy(room, inside_, sizeof inside_);
    heap_ = static_cast<uint32_t*>(room);
    capacity_ = wanted;
  }

  union {
    uint32_t inside_[kInside] = {0, 0};
    uint32_t* heap_;
  };
  uint32_t size_ = 0;
  uint32_t capacity_ = kInside;
};

}  // namespace tocsin::query
