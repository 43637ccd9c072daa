#include "config/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace tocsin::config {

template <>
std::string_view Scalar<std::string>::type() {
  return "text";
}
template <>
std::optional<std::string> Scalar<std::string>::read(std::string_view text) {
  return std::string(text);
}
template <>
std::string Scalar<std::string>::write(const std::string& value) {
  return value;
}

template <>
std::string_view Scalar<bool>::type() {
  return "true or false";
}
template <>
std::optional<bool> Scalar<bool>::read(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}
template <>
std::string Scalar<bool>::write(const bool& value) {
  return value ? "true" : "false";
}

template <>
std::string_view Scalar<int64_t>::type() {
  return "whole number";
}
template <>
std::optional<int64_t> Scalar<int64_t>::read(std::string_view text) {
  return parse_int(text);
}
template <>
std::string Scalar<int64_t>::write(const int64_t& value) {
  return std::to_string(value);
}

template <>
std::string_view Scalar<double>::type() {
  return "number";
}
template <>
std::optional<double> Scalar<double>::read(std::string_view text) {
  const auto value = parse_double(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}
template <>
std::string Scalar<double>::write(const double& value) {
  return number_text(value);
}

template <>
std::string_view Scalar<DurationMs>::type() {
  return "duration";
}
template <>
std::optional<DurationMs> Scalar<DurationMs>::read(std::string_view text) {
  return parse_duration(text);
}
template <>
std::string Scalar<DurationMs>::write(const DurationMs& value) {
  return to_text(value);
}

template <>
std::string_view Scalar<TimeMs>::type() {
  return "time";
}
template <>
std::optional<TimeMs> Scalar<TimeMs>::read(std::string_view text) {
  return parse_time(text);
}
template <>
std::string Scalar<TimeMs>::write(const TimeMs& value) {
  return to_iso(value);
}

MapReader::MapReader(Node node, std::string_view type, Problems& problems)
    : node_(std::move(node)), type_(type), problems_(problems) {
  if (node_->kind() == Node::Kind::kMap)
    members_ = node_->members();
  else
    problems_.add(node_->place(), fmt::format("a {} must be a mapping (key: value), not \"{}\"",
                                              type_, node_->excerpt()));
}

MapReader::MapReader(Reference& reference, std::string_view type, Problems& problems)
    : type_(type), problems_(problems), reference_(&reference) {}

MapReader::~MapReader() {
  if (describing()) return;
  std::vector<std::string_view> candidates(known_.begin(), known_.end());
  for (const Node::Member& member : members_) {
    if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
    const std::string_view near = nearest_word(member.key, candidates);
    std::string message = fmt::format("unknown key \"{}\" in a {}", member.key, type_);
    if (!near.empty()) {
      message += fmt::format("; did you mean \"{}\"?", near);
    } else {
      message += "; it may have:";
      for (const std::string_view key : candidates) message += fmt::format(" {}", key);
    }
    problems_.add(member.place, std::move(message));
  }
}

bool MapReader::has(std::string_view key) const {
  return std::any_of(members_.begin(), members_.end(),
                     [&](const Node::Member& member) { return member.key == key; });
}

bool MapReader::is_word(std::string_view key) const {
  return std::any_of(members_.begin(), members_.end(), [&](const Node::Member& member) {
    return member.key == key && member.value.kind() == Node::Kind::kScalar;
  });
}

Place MapReader::place() const { return node_ ? node_->place() : Place{}; }

Place MapReader::place(std::string_view key) const {
  for (const Node::Member& member : members_)
    if (member.key == key) return member.value.place();
  return place();
}

Place MapReader::place(std::string_view key, size_t index) const {
  const auto found = elements_.find(key);
  if (found == elements_.end() || index >= found->second.size()) return place(key);
  return found->second[index];
}

Place MapReader::place(std::string_view key, std::string_view member) const {
  for (const Node::Member& mine : members_)
    if (mine.key == key)
      if (const std::optional<Node> value = mine.value.member(member)) return value->place();
  return place(key);
}

void MapReader::problem(std::string_view key, std::string message) {
  problems_.add(place(key), fmt::format("{}: {}", key, message));
}

void MapReader::problem(std::string_view key, size_t index, std::string message) {
  problems_.add(place(key, index), fmt::format("{}: {}", key, message));
}

void MapReader::problem(std::string_view key, std::string_view member, std::string message) {
  problems_.add(place(key, member), fmt::format("{}: {}", key, message));
}

bool MapReader::refused(std::string_view key) const {
  return std::find(refused_.begin(), refused_.end(), key) != refused_.end();
}

void MapReader::note(std::string_view key, std::string type, bool required, std::string standard,
                     std::string_view doc) {
  known_.emplace_back(key);
  if (describing())
    reference_->add(type_, {std::string(key), std::move(type), required, std::move(standard),
                            std::string(doc)});
}

std::optional<Node> MapReader::take(std::string_view key) {
  for (const Node::Member& member : members_)
    if (member.key == key) return member.value;
  return std::nullopt;
}

void MapReader::missing(std::string_view key) {
  refused_.emplace_back(key);
  if (node_->kind() == Node::Kind::kMap)
    problems_.add(place(), fmt::format("this {} has no \"{}\"; it is required", type_, key));
}

void MapReader::wrong(std::string_view key, const Node& node, std::string_view expected) {
  refused_.emplace_back(key);
  add_wrong(key, node, expected);
}

void MapReader::add_wrong(std::string_view name, const Node& node, std::string_view expected) {
  std::string hint;
  if (expected == "duration") hint = " such as 10s, 5m or 1h30m";
  if (expected == "time") hint = " such as 2026-11-06T18:00:00Z";
  problems_.add(node.place(),
                fmt::format("{}: expected {}{}, not \"{}\"", name, expected, hint, node.excerpt()));
}

size_t MapReader::choice(std::string_view key, std::span<const std::string_view> words,
                         std::string_view standard, std::string_view doc) {
  std::string type = "one of ";
  for (const std::string_view word : words)
    type += (type.size() > 7 ? ", " : "") + std::string(word);
  note(key, type, standard.empty(), std::string(standard), doc);
  const auto index_of = [&](std::string_view word) {
    return static_cast<size_t>(std::find(words.begin(), words.end(), word) - words.begin());
  };
  const size_t fallback = standard.empty() ? 0 : index_of(standard);
  if (describing()) return fallback;
  const std::optional<Node> node = take(key);
  if (!node) {
    if (standard.empty()) missing(key);
    return fallback;
  }
  const size_t found = index_of(node->scalar());
  if (node->kind() == Node::Kind::kScalar && found < words.size()) return found;
  refused_.emplace_back(key);
  const std::string_view near = nearest_word(node->scalar(), words);
  problems_.add(node->place(),
                fmt::format("{}: expected {}, not \"{}\"{}", key, type, node->excerpt(),
                            near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
  return fallback;
}

bool MapReader::descend(std::string_view type, const Each& each) {
  if (!reference_->begin_type(type)) return false;
  MapReader child(*reference_, type, problems_);
  each(child);
  return false;
}

bool MapReader::map(std::string_view key, std::string_view type, std::string_view doc,
                    const Each& each, bool required) {
  note(key, std::string(type), required, "", doc);
  if (describing()) return descend(type, each);
  const std::optional<Node> node = take(key);
  if (!node) {
    if (required) missing(key);
    return false;
  }
  MapReader child(*node, type, problems_);
  if (node->kind() == Node::Kind::kMap)
    each(child);
  else
    refused_.emplace_back(key);
  return true;
}

size_t MapReader::list(std::string_view key, std::string_view type, std::string_view doc,
                       const Each& each, bool required) {
  note(key, "list of " + std::string(type), required, "", doc);
  if (describing()) {
    descend(type, each);
    return 0;
  }
  const std::optional<Node> node = take(key);
  if (!node) {
    if (required) missing(key);
    return 0;
  }
  if (node->kind() != Node::Kind::kList) {
    wrong(key, *node, "list of " + std::string(type));
    return 0;
  }
  const std::vector<Node> items = node->items();
  for (const Node& item : items) {
    MapReader child(item, type, problems_);
    if (item.kind() == Node::Kind::kMap)
      each(child);
    else
      refused_.emplace_back(key);
  }
  return items.size();
}

std::optional<Node> MapReader::any(std::string_view key, std::string_view type,
                                   std::string_view doc) {
  note(key, std::string(type), false, "", doc);
  return describing() ? std::nullopt : take(key);
}

void MapReader::free_map(std::string_view key, std::string_view type, std::string_view doc,
                         const std::function<void(const std::string&, MapReader&)>& each) {
  note(key, "map of " + std::string(type), false, "", doc);
  if (describing()) {
    descend(type, [&](MapReader& child) { each("", child); });
    return;
  }
  const std::optional<Node> node = take(key);
  if (!node) return;
  if (node->kind() != Node::Kind::kMap) {
    wrong(key, *node, "map of " + std::string(type));
    return;
  }
  for (const Node::Member& member : node->members()) {
    MapReader child(member.value, type, problems_);
    if (member.value.kind() == Node::Kind::kMap) each(member.key, child);
  }
}

std::optional<MapReader::TextMap> MapReader::read_text_map(std::string_view key, const Node& node) {
  if (node.kind() != Node::Kind::kMap) {
    wrong(key, node, "map of text");
    return std::nullopt;
  }
  TextMap out;
  for (const Node::Member& member : node.members()) {
    if (member.value.kind() != Node::Kind::kScalar && member.value.kind() != Node::Kind::kNull)
      add_wrong(member.key, member.value, "text");
    out[member.key] = member.value.scalar();
  }
  return out;
}

}  // namespace tocsin::config
