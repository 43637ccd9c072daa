#pragma once
// One description of a state's fields serves writing and reading: archive(field, field, ...).

#include <string>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "base/time.h"
#include "models/level.h"
#include "vocabulary/labels.h"

namespace tocsin::models {

inline void write_labels(ByteWriter& out, const Labels& labels) {
  out.varint(labels.pairs().size());
  for (const auto& [name, value] : labels.pairs()) {
    out.text(name);
    out.text(value);
  }
}

inline Labels read_labels(ByteReader& in) {
  std::vector<Labels::Pair> pairs;
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    std::string name(in.text());
    pairs.emplace_back(std::move(name), std::string(in.text()));
  }
  return Labels(std::move(pairs));
}

class Saver {
 public:
  static constexpr bool kLoading = false;
  static constexpr bool kWithAnswers = true;
  static constexpr bool kWithModels = true;
  static constexpr bool kWithFindings = true;
  explicit Saver(ByteWriter& out) : out_(out) {}

  template <class... T>
  void operator()(T&... fields) {
    (field(fields), ...);
  }
  template <class T, class Each>
  void list(std::vector<T>& items, const Each& each) {
    out_.varint(items.size());
    for (T& item : items) each(item);
  }
  void bytes(std::vector<uint8_t>& items) {
    out_.text({reinterpret_cast<const char*>(items.data()), items.size()});
  }
  // A text of its own, so that a reader that wants none of it can pass over it.
  template <class Model>
  void own(Model& model) {
    ByteWriter text;
    model.save(text);
    out_.text(text.bytes());
  }
  bool ok() const { return true; }

 private:
  template <class T>
  void field(const T& value) {
    if constexpr (std::is_same_v<T, double>)
      out_.f64(value);
    else if constexpr (std::is_same_v<T, float>)
      out_.f32(value);
    else if constexpr (std::is_same_v<T, TimeMs>)
      out_.zigzag(value.ms);
    else if constexpr (std::is_same_v<T, Id128>)
      out_.u64(value.high), out_.u64(value.low);
    else if constexpr (std::is_enum_v<T>)
      out_.varint(static_cast<uint64_t>(value));
    else if constexpr (std::is_signed_v<T>)
      out_.zigzag(value);
    else
      out_.varint(value);
  }
  void field(const Tail& t) {
    (*this)(t.spread, t.range, t.q_up, t.q_down, t.tokens_up, t.tokens_down, t.limiter, t.seen);
  }
  void field(const Level& l) { (*this)(l.level, l.tail); }
  ByteWriter& out_;
};

// After a malformed text everything reads as zero and ok() says so.
class Loader {
 public:
  static constexpr bool kLoading = true;
  // Version 1 of the text has no answers and no held points; before version 3 the only model kept
  // apart was the profile; before version 4 there were no noise budgets, before 5
  // no findings of models that vote.
  explicit Loader(ByteReader& in, uint8_t version = 5)
      : kWithAnswers(version >= 2),
        kWithModels(version >= 3),
        kWithPeaks(version >= 4),
        kWithFindings(version >= 5),
        in_(in) {}
  const bool kWithAnswers;
  const bool kWithModels;
  const bool kWithPeaks;
  const bool kWithFindings;

  template <class... T>
  void operator()(T&... fields) {
    (field(fields), ...);
  }
  template <class T, class Each>
  void list(std::vector<T>& items, const Each& each) {
    const uint64_t count = in_.varint();
    if (count > in_.left()) {  // every item takes at least a byte
      ok_ = false;
      return;
    }
    items.resize(count);
    for (T& item : items) each(item);
  }
  void bytes(std::vector<uint8_t>& items) {
    const std::string_view text = in_.text();
    items.assign(text.begin(), text.end());
  }
  template <class Model>
  void own(Model& model) {
    if (!kWithModels) return model.load(in_);
    ByteReader text(in_.text());
    model.load(text);
  }
  bool ok() const { return ok_ && in_.ok(); }

 private:
  template <class T>
  void field(T& value) {
    if constexpr (std::is_same_v<T, double>)
      value = in_.f64();
    else if constexpr (std::is_same_v<T, float>)
      value = in_.f32();
    else if constexpr (std::is_same_v<T, TimeMs>)
      value.ms = in_.zigzag();
    else if constexpr (std::is_same_v<T, Id128>)
      value.high = in_.u64(), value.low = in_.u64();
    else if constexpr (std::is_enum_v<T>)
      value = static_cast<T>(in_.varint());
    else if constexpr (std::is_signed_v<T>)
      value = static_cast<T>(in_.zigzag());
    else
      value = static_cast<T>(in_.varint());
  }
  void field(Tail& t) {
    (*this)(t.spread, t.range, t.q_up, t.q_down, t.tokens_up, t.tokens_down, t.limiter, t.seen);
  }
  void field(Level& l) { (*this)(l.level, l.tail); }
  ByteReader& in_;
  bool ok_ = true;
};

}  // namespace tocsin::models
