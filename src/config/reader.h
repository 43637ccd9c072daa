#pragma once
// Typed reading of one mapping. Reads what is declared, collects every problem, and complains about
// keys nobody asked for. In describing mode there is no node: every call records its key in the
// Reference and returns a default, so the same code writes the documentation.
//
//   void read_worker(MapReader& m, Worker& out) {
//     out.id = m.required<std::string>("id", "Unique name.");
//     out.cadence = m.value<DurationMs>("cadence", seconds(10), "Interval between points.");
//     m.list("models", "model", "Say what is normal.", [&](MapReader& model) { ... });
//   }
//
// Scalar types: std::string, bool, int64_t, double, DurationMs, TimeMs; lists: std::vector<T> of
// them (one scalar is read as a list of one); std::map<std::string, std::string>.

#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/time.h"
#include "config/node.h"
#include "config/reference.h"

namespace tocsin::config {

// How one scalar type is called, read and written.
template <class T>
struct Scalar {
  static std::string_view type();
  static std::optional<T> read(std::string_view text);
  static std::string write(const T& value);
};

class MapReader {
 public:
  using Each = std::function<void(MapReader&)>;

  // `type` names the mapping in messages and in the reference ("worker").
  MapReader(Node node, std::string_view type, Problems& problems);
  MapReader(Reference& reference, std::string_view type, Problems& problems);
  MapReader(const MapReader&) = delete;
  MapReader& operator=(const MapReader&) = delete;
  // Reports keys that were never asked for.
  ~MapReader();

  bool describing() const { return reference_ != nullptr; }
  bool has(std::string_view key) const;
  bool is_word(std::string_view key) const;  // one scalar; false if it is missing
  Place place() const;
  Place place(std::string_view key) const;  // of its value; of the mapping if it is missing
  // Of one element of a list read as std::vector<T>: `index` is that of the vector. Where there is
  // no such element (a default, say), the place of the key.
  Place place(std::string_view key, size_t index) const;
  // Of one member's value in a mapping with free keys.
  Place place(std::string_view key, std::string_view member) const;
  // At the key's value, or at one element or member of it. The message goes behind "key: ".
  void problem(std::string_view key, std::string message);
  void problem(std::string_view key, size_t index, std::string message);
  void problem(std::string_view key, std::string_view member, std::string message);
  // True if the key's value, or an element of it, could not be read, or is required and missing.
  // That has been told; what the fallback looks like is nobody's mistake and must not be told too.
  bool refused(std::string_view key) const;
  Problems& problems() { return problems_; }

  template <class T>
  T required(std::string_view key, std::string_view doc) {
    note(key, type_text<T>(), true, "", doc);
    if (describing()) return T{};
    const std::optional<Node> node = take(key);
    if (!node) {
      missing(key);
      return T{};
    }
    return read<T>(key, *node).value_or(T{});
  }
  template <class T>
  std::optional<T> optional(std::string_view key, std::string_view doc) {
    note(key, type_text<T>(), false, "", doc);
    if (describing()) return std::nullopt;
    const std::optional<Node> node = take(key);
    if (!node) return std::nullopt;
    return read<T>(key, *node);
  }
  template <class T>
  T value(std::string_view key, T standard, std::string_view doc) {
    note(key, type_text<T>(), false, write_text(standard), doc);
    if (describing()) return standard;
    const std::optional<Node> node = take(key);
    if (!node) return standard;
    return read<T>(key, *node).value_or(standard);
  }
  // One word of a fixed set; `standard` empty = required. Returns the index of the word.
  size_t choice(std::string_view key, std::span<const std::string_view> words,
                std::string_view standard, std::string_view doc);
  size_t choice(std::string_view key, std::initializer_list<std::string_view> words,
                std::string_view standard, std::string_view doc) {
    return choice(key, std::span(words.begin(), words.size()), standard, doc);
  }

  // A nested mapping of type `type`; false if the key is missing.
  bool map(std::string_view key, std::string_view type, std::string_view doc, const Each& each,
           bool required = false);
  // A list of mappings; returns how many there were.
  size_t list(std::string_view key, std::string_view type, std::string_view doc, const Each& each,
              bool required = false);
  // The raw value, for what has several shapes; `type` is only for the reference.
  std::optional<Node> any(std::string_view key, std::string_view type, std::string_view doc);
  // All members of a mapping with free keys, in file order; each value is read by `each`
  // as a mapping (key given first).
  void free_map(std::string_view key, std::string_view type, std::string_view doc,
                const std::function<void(const std::string&, MapReader&)>& each);

 private:
  template <class T>
  struct IsVector : std::false_type {};
  template <class T>
  struct IsVector<std::vector<T>> : std::true_type {
    using Item = T;
  };
  using TextMap = std::map<std::string, std::string>;

  template <class T>
  static std::string type_text() {
    if constexpr (IsVector<T>::value)
      return "list of " + std::string(Scalar<typename IsVector<T>::Item>::type());
    else if constexpr (std::is_same_v<T, TextMap>)
      return "map of text";
    else
      return std::string(Scalar<T>::type());
  }
  template <class T>
  static std::string write_text(const T& value) {
    if constexpr (IsVector<T>::value) {
      std::string out;
      for (const auto& item : value)
        out += (out.empty() ? "" : ", ") + Scalar<typename IsVector<T>::Item>::write(item);
      return "[" + out + "]";
    } else if constexpr (std::is_same_v<T, TextMap>) {
      return "";
    } else {
      return Scalar<T>::write(value);
    }
  }
  template <class T>
  std::optional<T> read(std::string_view key, const Node& node) {
    if constexpr (IsVector<T>::value) {
      T out;
      std::vector<Place>& places = elements_[std::string(key)];
      places.clear();
      const auto add = [&](const Node& item) {
        auto one = read<typename IsVector<T>::Item>(key, item);
        if (!one) return;
        out.push_back(std::move(*one));
        places.push_back(item.place());
      };
      if (node.kind() == Node::Kind::kScalar) {
        add(node);
        return out;
      }
      if (node.kind() != Node::Kind::kList) {
        wrong(key, node, type_text<T>());
        return std::nullopt;
      }
      for (const Node& item : node.items()) add(item);
      return out;
    } else if constexpr (std::is_same_v<T, TextMap>) {
      return read_text_map(key, node);
    } else {
      if (node.kind() == Node::Kind::kScalar)
        if (auto value = Scalar<T>::read(node.scalar())) return value;
      wrong(key, node, type_text<T>());
      return std::nullopt;
    }
  }

  void note(std::string_view key, std::string type, bool required, std::string standard,
            std::string_view doc);
  std::optional<Node> take(std::string_view key);
  void missing(std::string_view key);
  void wrong(std::string_view key, const Node& node, std::string_view expected);
  void add_wrong(std::string_view name, const Node& node, std::string_view expected);
  std::optional<TextMap> read_text_map(std::string_view key, const Node& node);
  bool descend(std::string_view type, const Each& each);

  std::optional<Node> node_;
  std::vector<Node::Member> members_;
  std::vector<std::string> known_;
  std::vector<std::string> refused_;
  std::map<std::string, std::vector<Place>, std::less<>> elements_;  // of the lists read
  std::string type_;
  Problems& problems_;
  Reference* reference_ = nullptr;
};

}  // namespace tocsin::config
