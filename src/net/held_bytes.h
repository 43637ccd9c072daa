#pragma once
// How many bytes of bodies a server holds, and a lease on some of them. One loop's thread only.

#include <cstddef>
#include <memory>
#include <utility>

namespace tocsin::net {

struct HeldBytes {
  size_t used = 0;
  size_t max = 0;
};

class BodyLease {
 public:
  BodyLease() = default;
  explicit BodyLease(std::shared_ptr<HeldBytes> held) : held_(std::move(held)) {}
  BodyLease(BodyLease&& other) noexcept { *this = std::move(other); }
  BodyLease& operator=(BodyLease&& other) noexcept {
    release();
    held_ = std::move(other.held_);
    bytes_ = std::exchange(other.bytes_, 0);
    return *this;
  }
  ~BodyLease() { release(); }

  // Raises the lease to `bytes`. False if the server holds too much; a body that is alone is always
  // let in, so that the limit cannot lock out what the body limit allows.
  bool raise(size_t bytes) {
    if (bytes <= bytes_) return true;
    const size_t others = held_->used - bytes_;
    if (others > 0 && others + bytes > held_->max) return false;
    held_->used = others + bytes;
    bytes_ = bytes;
    return true;
  }
  void release() {
    if (held_) held_->used -= std::exchange(bytes_, 0);
  }

 private:
  std::shared_ptr<HeldBytes> held_;
  size_t bytes_ = 0;
};

}  // namespace tocsin::net
