#pragma once
// The bytes of one connection, plain or TLS: the only part of it that differs. Used in its loop
// only; at most one read and one write at a time. After close() both end with ok = false.

#include <cstddef>
#include <functional>
#include <string_view>

namespace tocsin::net {

class Transport {
 public:
  // ok = false: closed, reset or cancelled. ok with n = 0: the peer will send no more.
  using Done = std::function<void(bool ok, size_t n)>;
  virtual ~Transport() = default;
  virtual void start(std::function<void(bool ok)> done) = 0;  // TLS handshake, or nothing
  virtual void read(char* data, size_t size, Done done) = 0;  // some
  // Some of first, then second. The bytes stay where they are until done.
  virtual void write(std::string_view first, std::string_view second, Done done) = 0;
  virtual void end_writing() = 0;
  virtual void close() = 0;
};

}  // namespace tocsin::net
