#pragma once
// gzip and zlib in memory. Inflating is done in steps, so that a long body does not hold up a loop,
// and into a bounded output, so that a bomb ends as an error.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::net {

// Reads gzip (also several members in a row) and zlib, told apart by their first bytes, and raw
// deflate, which some clients send as "deflate".
class Inflater {
 public:
  // `input` must live as long as the inflater.
  Inflater(std::string_view input, size_t bytes_max);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Produces about `bytes` more. true: all done. kInvalid: not a gzip stream, or it ends too early
  // (the message says which); kExhausted: the output would be larger than bytes_max.
  Result<bool> step(size_t bytes);
  std::string take();  // the output; capacity >= size + kBodyPadding

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

Result<std::string> gunzip(std::string_view input, size_t bytes_max);
std::string gzip(std::string_view text, int level = 1);

}  // namespace tocsin::net
