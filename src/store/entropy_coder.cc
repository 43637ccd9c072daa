#include "store/entropy_coder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>

namespace tocsin {
namespace {

// The forms: all the same, fixed width, entropy coded.
enum class Form : uint8_t { kSame, kPacked, kCoded };

// Classes of size: 0 to 3 stand for themselves; above, two per bit length, told apart by the bit
// below the leading one. 4 + 2 * 62.
constexpr size_t kClasses = 128;
constexpr uint32_t kScaleBits = 11;
constexpr uint32_t kScale = 1u << kScaleBits;  // sum of the frequencies
constexpr uint32_t kStateMin = 1u << 16;       // states live in [2^16, 2^32): 16 bits at a time
constexpr size_t kStates = 2;                  // taken in turns: two chains of arithmetic

uint32_t class_of(uint64_t v) {
  if (v < 4) return static_cast<uint32_t>(v);
  const auto length = static_cast<uint32_t>(std::bit_width(v));
  return 4 + (length - 3) * 2 + static_cast<uint32_t>((v >> (length - 2)) & 1);
}
// Bits that follow a number of this class, and the number they are added to.
uint32_t extra_bits(uint32_t size_class) { return size_class < 4 ? 0 : (size_class - 4) / 2 + 1; }
uint64_t base_of(uint32_t size_class) {
  if (size_class < 4) return size_class;
  return (2 + static_cast<uint64_t>((size_class - 4) & 1)) << extra_bits(size_class);
}

using Histogram = std::array<uint32_t, kClasses>;

Histogram count_classes(std::span<const uint64_t> numbers) {
  Histogram counts{};
  for (const uint64_t v : numbers) ++counts[class_of(v)];
  return counts;
}

// Frequencies that sum to kScale; every class that occurs has at least 1.
Histogram normalised(const Histogram& counts, size_t total) {
  Histogram out{};
  uint32_t sum = 0;
  for (size_t i = 0; i < kClasses; ++i) {
    if (counts[i] == 0) continue;
    out[i] = std::max<uint32_t>(1, static_cast<uint32_t>(uint64_t{counts[i]} * kScale / total));
    sum += out[i];
  }
  for (; sum < kScale; ++sum) ++*std::max_element(out.begin(), out.end());
  for (; sum > kScale; --sum) --*std::max_element(out.begin(), out.end());
  return out;
}

// Bits, little end first.
class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}
  void put(uint64_t value, uint32_t bits) {
    for (; bits > 32; bits -= 32, value >>= 32) put(value & UINT32_MAX, 32);
    held_ |= value << filled_;
    for (filled_ += bits; filled_ >= 8; filled_ -= 8, held_ >>= 8)
      out_.push_back(static_cast<char>(held_));
  }
  void finish() {
    if (filled_ > 0) out_.push_back(static_cast<char>(held_));
  }

 private:
  std::string& out_;
  uint64_t held_ = 0;
  uint32_t filled_ = 0;
};

class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}
  uint64_t get(uint32_t bits) {
    if (bits == 0) return 0;
    uint64_t held = 0;
    const size_t byte = at_ / 8;
    const auto shift = static_cast<uint32_t>(at_ % 8);
    at_ += bits;
    if (byte + 9 <= bytes_.size()) [[likely]] {
      std::memcpy(&held, bytes_.data() + byte, 8);
      held >>= shift;
      if (shift + bits > 64)
        held |= static_cast<uint64_t>(static_cast<uint8_t>(bytes_[byte + 8])) << (64 - shift);
    } else {
      for (uint32_t i = 0; i < 9 && byte + i < bytes_.size(); ++i) {
        const uint64_t next = static_cast<uint8_t>(bytes_[byte + i]);
        held |= i * 8 >= shift ? (i * 8 - shift < 64 ? next << (i * 8 - shift) : 0) : next >> shift;
      }
    }
    return bits == 64 ? held : held & ((uint64_t{1} << bits) - 1);
  }
  bool ok() const { return at_ <= bytes_.size() * 8; }

 private:
  std::string_view bytes_;
  size_t at_ = 0;  // in bits
};

void put_varint(std::string& out, uint64_t v) {
  for (; v >= 0x80; v >>= 7) out.push_back(static_cast<char>(v | 0x80));
  out.push_back(static_cast<char>(v));
}

bool take_varint(std::string_view& bytes, uint64_t& v) {
  v = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    v |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

uint32_t width_of(std::span<const uint64_t> numbers) {
  uint64_t all = 0;
  for (const uint64_t v : numbers) all |= v;
  return static_cast<uint32_t>(std::bit_width(all));
}

size_t packed_bytes(size_t count, uint32_t width) { return 2 + (count * width + 7) / 8; }

size_t coded_bytes(const Histogram& counts, size_t total) {
  double bits = 0;
  size_t table = 2, first = kClasses, last = 0;
  for (size_t i = 0; i < kClasses; ++i) {
    if (counts[i] == 0) continue;
    first = std::min(first, i);
    last = i;
    bits += counts[i] * (std::log2(static_cast<double>(total) / counts[i]) +
                         extra_bits(static_cast<uint32_t>(i)));
  }
  table += last - first + 1;
  return table + 4 * kStates + 4 + static_cast<size_t>(bits / 8);
}

void put_table(const Histogram& frequency, std::string& out) {
  size_t first = 0, last = kClasses - 1;
  while (frequency[first] == 0) ++first;
  while (frequency[last] == 0) --last;
  out.push_back(static_cast<char>(first));
  out.push_back(static_cast<char>(last));
  for (size_t i = first; i <= last; ++i) put_varint(out, frequency[i]);
}

bool take_table(std::string_view& bytes, Histogram& frequency) {
  if (bytes.size() < 2) return false;
  const auto first = static_cast<uint8_t>(bytes[0]), last = static_cast<uint8_t>(bytes[1]);
  bytes.remove_prefix(2);
  if (first > last || last >= kClasses) return false;
  frequency = {};
  uint64_t sum = 0, value = 0;
  for (size_t i = first; i <= last; ++i) {
    if (!take_varint(bytes, value) || value > kScale) return false;
    frequency[i] = static_cast<uint32_t>(value);
    sum += value;
  }
  return sum == kScale;
}

// Form kCoded: table, bytes of the bits, the states, 16-bit words of the states, the bits.
void encode_coded(std::span<const uint64_t> numbers, const Histogram& counts, std::string& out) {
  const Histogram frequency = normalised(counts, numbers.size());
  Histogram start{};
  for (size_t i = 1; i < kClasses; ++i) start[i] = start[i - 1] + frequency[i - 1];
  put_table(frequency, out);
  std::string bits;
  BitWriter writer(bits);
  for (const uint64_t v : numbers) {
    const uint32_t c = class_of(v);
    writer.put(v - base_of(c), extra_bits(c));
  }
  writer.finish();
  // A coder of this kind works from the last number to the first.
  std::vector<uint16_t> words;
  std::array<uint32_t, kStates> states;
  states.fill(kStateMin);
  for (size_t i = numbers.size(); i-- > 0;) {
    uint32_t& state = states[i % kStates];
    const uint32_t c = class_of(numbers[i]);
    if (state >= (uint64_t{kStateMin >> kScaleBits} << 16) * frequency[c]) {
      words.push_back(static_cast<uint16_t>(state));
      state >>= 16;
    }
    state = ((state / frequency[c]) << kScaleBits) + state % frequency[c] + start[c];
  }
  put_varint(out, words.size());
  put_varint(out, bits.size());
  for (const uint32_t state : states)
    out.append(reinterpret_cast<const char*>(&state), sizeof state);
  for (size_t i = words.size(); i-- > 0;)
    out.append(reinterpret_cast<const char*>(&words[i]), sizeof words[i]);
  out += bits;
}

struct Slot {
  uint16_t frequency, offset;  // offset: the slot's place within its class
  uint8_t size_class;
};

bool decode_coded(std::string_view& bytes, size_t count, std::vector<uint64_t>& out) {
  Histogram frequency;
  uint64_t words = 0, bits = 0;
  if (!take_table(bytes, frequency) || !take_varint(bytes, words) || !take_varint(bytes, bits))
    return false;
  const size_t fixed = kStates * sizeof(uint32_t);
  if (bytes.size() < fixed || words > (bytes.size() - fixed) / 2 ||
      bits > bytes.size() - fixed - words * 2)
    return false;
  std::array<Slot, kScale> slots;
  size_t filled = 0;
  for (size_t c = 0; c < kClasses; ++c)
    for (uint32_t i = 0; i < frequency[c]; ++i)
      slots[filled++] = {static_cast<uint16_t>(frequency[c]), static_cast<uint16_t>(i),
                         static_cast<uint8_t>(c)};
  std::array<uint32_t, kStates> states;
  std::memcpy(states.data(), bytes.data(), fixed);
  const char* word = bytes.data() + fixed;
  const char* const word_end = word + words * 2;
  BitReader reader(bytes.substr(fixed + words * 2, bits));
  for (size_t i = 0; i < count; ++i) {
    uint32_t& state = states[i % kStates];
    const Slot slot = slots[state % kScale];
    state = slot.frequency * (state >> kScaleBits) + slot.offset;
    if (state < kStateMin) {
      if (word == word_end) return false;
      uint16_t next = 0;
      std::memcpy(&next, word, sizeof next);
      word += sizeof next;
      state = (state << 16) | next;
    }
    out.push_back(base_of(slot.size_class) + reader.get(extra_bits(slot.size_class)));
  }
  bytes.remove_prefix(fixed + words * 2 + bits);
  return reader.ok() && word == word_end;
}

struct Plan {
  Form form;
  uint32_t width;
  Histogram counts;
  size_t bytes;
};

Plan plan(std::span<const uint64_t> numbers) {
  Plan out{Form::kPacked, width_of(numbers), {}, 0};
  if (std::adjacent_find(numbers.begin(), numbers.end(), std::not_equal_to<>()) == numbers.end()) {
    out.form = Form::kSame;
    out.bytes = 1 + (out.width + 7) / 7;
    return out;
  }
  out.bytes = packed_bytes(numbers.size(), out.width);
  out.counts = count_classes(numbers);
  const size_t coded = coded_bytes(out.counts, numbers.size());
  if (coded >= out.bytes) return out;
  out.form = Form::kCoded;
  out.bytes = coded;
  return out;
}

}  // namespace

size_t estimate_numbers(std::span<const uint64_t> numbers) { return plan(numbers).bytes; }

void encode_numbers(std::span<const uint64_t> numbers, std::string& out) {
  const Plan chosen = plan(numbers);
  out.push_back(static_cast<char>(chosen.form));
  switch (chosen.form) {
    case Form::kSame:
      return put_varint(out, numbers.empty() ? 0 : numbers.front());
    case Form::kPacked: {
      out.push_back(static_cast<char>(chosen.width));
      BitWriter writer(out);
      for (const uint64_t v : numbers) writer.put(v, chosen.width);
      return writer.finish();
    }
    case Form::kCoded:
      return encode_coded(numbers, chosen.counts, out);
  }
}

bool decode_numbers(std::string_view& bytes, size_t count, std::vector<uint64_t>& out) {
  out.clear();
  if (bytes.empty()) return false;
  const auto form = static_cast<uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  if (form == static_cast<uint8_t>(Form::kSame)) {
    uint64_t value = 0;
    if (!take_varint(bytes, value)) return false;
    out.assign(count, value);
    return true;
  }
  if (form == static_cast<uint8_t>(Form::kPacked)) {
    if (bytes.empty()) return false;
    const auto width = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    if (width > 64 || (count * width + 7) / 8 > bytes.size()) return false;
    BitReader reader(bytes);
    for (size_t i = 0; i < count; ++i) out.push_back(reader.get(width));
    bytes.remove_prefix((count * width + 7) / 8);
    return true;
  }
  return form == static_cast<uint8_t>(Form::kCoded) && decode_coded(bytes, count, out);
}

}  // namespace tocsin
