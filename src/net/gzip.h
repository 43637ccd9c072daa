#pragma once
// gzip and zlib in memory. Inflating is done in steps, so that a long body does not hold up a loop,
// and into a bounded output, so that a bomb ends as an error.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::net {

enum class Packing {
  kGzip,     // one member or several in a row
  kDeflate,  // zlib's header, or raw deflate, which some clients send under that name
};

class Inflater {
 public:
  // `input` must live as long as the inflater. `buffer` gives its capacity to the output.
  Inflater(std::string_view input, Packing packing, size_t bytes_max, std::string buffer = {});
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Produces about `bytes` more. true: all done. kInvalid: not a gzip stream, or it ends too early
  // (the message says which); kExhausted: the output would be larger than bytes_max.
  Result<bool> step(size_t bytes);
  size_t size() const;  // of the output so far
  std::string take();   // the output; capacity >= size + kBodyPadding

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// gzip, one member or several in a row, that comes in pieces of any size: a file. What it inflates
// to is handed on in pieces of at most 64 KB, so memory does not grow with it. After an error it
// takes no more.
class GzipPieces {
 public:
  using OnPiece = std::function<void(std::string_view)>;
  explicit GzipPieces(OnPiece on_piece);
  ~GzipPieces();
  GzipPieces(const GzipPieces&) = delete;
  GzipPieces& operator=(const GzipPieces&) = delete;

  Result<void> push(std::string_view piece);
  Result<void> finish() const;  // kInvalid: the last member is not whole

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

Result<std::string> gunzip(std::string_view input, size_t bytes_max);
std::string gzip(std::string_view text, int level = 1);

}  // namespace tocsin::net
