#include "remote_write.h"

#include <cstring>

namespace bench {
namespace {

void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// A field of bytes: its number, wire type 2, its length.
void put_bytes(std::string& out, unsigned field, std::string_view bytes) {
  out.push_back(static_cast<char>(field << 3 | 2));
  put_varint(out, bytes.size());
  out += bytes;
}

}  // namespace

void RemoteWriteBody::add(const std::vector<std::pair<std::string_view, std::string_view>>& labels,
                          double value, int64_t time_ms) {
  std::string series, part;
  for (const auto& [name, text] : labels) {
    part.clear();
    put_bytes(part, 1, name);
    put_bytes(part, 2, text);
    put_bytes(series, 1, part);
  }
  part.assign(1, static_cast<char>(1 << 3 | 1));
  char bits[sizeof value];
  std::memcpy(bits, &value, sizeof value);
  part.append(bits, sizeof bits);
  part.push_back(static_cast<char>(2 << 3));
  put_varint(part, static_cast<uint64_t>(time_ms));
  put_bytes(series, 2, part);
  put_bytes(proto_, 1, series);
}

std::string RemoteWriteBody::take() {
  constexpr size_t kLiteralMax = 60'000;
  std::string out;
  put_varint(out, proto_.size());
  for (size_t at = 0; at < proto_.size(); at += kLiteralMax) {
    const std::string_view piece = std::string_view(proto_).substr(at, kLiteralMax);
    const size_t length = piece.size() - 1;
    out.push_back(static_cast<char>(61 << 2));  // a literal, its length in two bytes
    out.push_back(static_cast<char>(length));
    out.push_back(static_cast<char>(length >> 8));
    out += piece;
  }
  proto_.clear();
  return out;
}

}  // namespace bench
