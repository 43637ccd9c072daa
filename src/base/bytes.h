#pragma once
// Compact, portable bytes: little endian, LEB128 varints, length-prefixed text. What checkpoints,
// journal frames and rows are made of.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tocsin {

class ByteWriter {
 public:
  void u8(uint8_t v) { out_.push_back(static_cast<char>(v)); }
  void u32(uint32_t v) { fixed(v); }
  void u64(uint64_t v) { fixed(v); }
  void f32(float v) { fixed(std::bit_cast<uint32_t>(v)); }
  void f64(double v) { fixed(std::bit_cast<uint64_t>(v)); }
  void varint(uint64_t v) {
    while (v >= 0x80) {
      u8(static_cast<uint8_t>(v | 0x80));
      v >>= 7;
    }
    u8(static_cast<uint8_t>(v));
  }
  void zigzag(int64_t v) {
    varint((static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63));
  }
  void text(std::string_view v) {
    varint(v.size());
    out_.append(v);
  }
  // A text whose length is known when it is written: what is written until end_text(the same).
  // Its length takes 5 bytes, so it is below 32 GiB.
  size_t begin_text() {
    out_.append(5, '\0');
    return out_.size();
  }
  void end_text(size_t begun) {
    uint64_t length = out_.size() - begun;
    for (size_t i = begun - 5; i < begun; ++i, length >>= 7)
      out_[i] = static_cast<char>((length & 0x7f) | (i + 1 < begun ? 0x80 : 0));
  }
  const std::string& bytes() const { return out_; }
  std::string take() { return std::move(out_); }
  void reserve(size_t n) { out_.reserve(n); }
  size_t size() const { return out_.size(); }

 private:
  template <class T>
  void fixed(T v) {
    char raw[sizeof v];
    std::memcpy(raw, &v, sizeof v);  // little endian is checked below
    out_.append(raw, sizeof v);
  }
  std::string out_;
};
static_assert(std::endian::native == std::endian::little, "byte formats are little endian");

// Reads what ByteWriter wrote. Past the end, or on a malformed varint, it turns bad for good and
// gives zeros and empty texts: read all, then ask ok() once.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}
  uint8_t u8() { return fixed<uint8_t>(); }
  uint32_t u32() { return fixed<uint32_t>(); }
  uint64_t u64() { return fixed<uint64_t>(); }
  float f32() { return std::bit_cast<float>(fixed<uint32_t>()); }
  double f64() { return std::bit_cast<double>(fixed<uint64_t>()); }
  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = u8();
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  int64_t zigzag() {
    const uint64_t v = varint();
    return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1);
  }
  std::string_view text() {
    const uint64_t length = varint();
    if (!ok_ || length > left()) {
      ok_ = false;
      return {};
    }
    const std::string_view out(at_, length);
    at_ += length;
    return out;
  }
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && at_ == end_; }

 private:
  template <class T>
  T fixed() {
    T value{};
    if (left() < sizeof value) {
      ok_ = false;
      at_ = end_;
      return value;
    }
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace tocsin
