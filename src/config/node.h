#pragma once
// A YAML value with its place, and the list of what was wrong.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace YAML {
class Node;
}

namespace tocsin::config {

struct Place {
  std::string file;               // relative to the folder
  int line = 0;                   // from 1; 0 = the file as a whole
  int column = 0;                 // from 1
  std::string text() const;       // "rules/a.yaml:3:5"
  std::string file_line() const;  // "rules/a.yaml:3"
};

struct Problem {
  Place place;
  std::string message;
  std::string text() const { return place.text() + ": " + message; }
};

class Problems {
 public:
  void add(Place place, std::string message) {
    list_.push_back({std::move(place), std::move(message)});
  }
  bool empty() const { return list_.empty(); }
  const std::vector<Problem>& list() const { return list_; }
  std::string text() const;  // one line each, sorted by place
  // All of them as one error; `attempted` says what was tried.
  Error error(std::string_view attempted) const;

 private:
  std::vector<Problem> list_;
};

// A cheap handle; the document lives as long as any handle into it. Not for several threads at
// once.
class Node {
 public:
  enum class Kind { kNull, kScalar, kList, kMap };

  // Parses one document. Problems carry `file` as their file name; nullopt if there were any.
  static std::optional<Node> parse(std::string_view yaml, std::string file, Problems& problems);

  Kind kind() const;
  Place place() const;
  std::string scalar() const;       // text of a scalar, "" otherwise
  std::vector<Node> items() const;  // of a list
  struct Member;
  std::vector<Member> members() const;  // of a map, in file order; keys are unique
  std::optional<Node> member(std::string_view key) const;
  // The value as flow YAML on one line, cut to 60 bytes: for messages.
  std::string excerpt() const;

 private:
  Node(std::shared_ptr<const YAML::Node> node, std::shared_ptr<const std::string> file);
  std::shared_ptr<const YAML::Node> node_;
  std::shared_ptr<const std::string> file_;
};

struct Node::Member {
  std::string key;
  Place place;  // of the key
  Node value;
};

}  // namespace tocsin::config
