#pragma once
// What the parts of the import of Alertmanager's configuration share. Only for them.

#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tocsin/alertmanager_import.h"

namespace tocsin::takeover {

// Flow YAML: a list of quoted texts.
std::string yaml_list(const std::vector<std::string>& texts);

// One mapping of the source. Keys that nobody took are told as notes by `finish`.
class Map {
 public:
  Map() = default;
  Map(const config::Node& node, std::vector<config::Problem>* notes);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  config::Place place() const { return place_; }
  config::Place place(std::string_view key) const;
  std::string text(std::string_view key);  // "" if missing
  std::vector<std::string> texts(std::string_view key);
  Map map(std::string_view key);  // an empty one if missing
  std::vector<config::Node> items(std::string_view key);
  std::vector<config::Node::Member> members(std::string_view key);
  const std::vector<config::Node::Member>& all() const { return members_; }
  // Known, and of no consequence here.
  void pass(std::initializer_list<std::string_view> keys);
  // Known, and not taken over; told if it is there.
  void leave(std::initializer_list<std::string_view> keys, const std::string& why);
  void note(std::string_view key, const std::string& text) const;
  void finish(const std::string& why);

 private:
  const config::Node::Member* find(std::string_view key) const;
  std::vector<config::Node::Member> members_;
  std::set<std::string, std::less<>> taken_;
  config::Place place_;
  std::vector<config::Problem>* notes_ = nullptr;
};

using Fields = std::vector<std::pair<std::string, std::string>>;  // key, value as flow YAML

// Receivers by the name they had: one for each service that one of Alertmanager's tells.
struct Receivers {
  std::vector<Fields> list;
  std::map<std::string, std::vector<std::string>, std::less<>> names;
};

Receivers take_receivers(Map& root, const std::string& directory, ImportedConfig& out);
std::string take_routes(Map& root, const Receivers& receivers, ImportedConfig& out);
std::string take_inhibition(Map& root, ImportedConfig& out);

}  // namespace tocsin::takeover
