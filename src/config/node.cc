#include "config/node.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <tuple>

#include "base/text.h"

namespace tocsin::config {
namespace {

constexpr int kDepthMax = 64;

Place place_of(const std::string& file, const YAML::Mark& mark) {
  return {file, mark.line + 1, mark.column + 1};
}

// Walks the events before a tree is built: aliases could make it explode, depth could overflow.
class Guard final : public YAML::EventHandler {
 public:
  std::optional<std::pair<YAML::Mark, std::string>> refused;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    if (!refused) refused.emplace(mark, "aliases (*name) are not supported; write the value again");
  }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    deeper(mark);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    deeper(mark);
  }
  void OnMapEnd() override { --depth_; }

 private:
  void deeper(const YAML::Mark& mark) {
    if (++depth_ > kDepthMax && !refused)
      refused.emplace(mark, fmt::format("nested deeper than {} levels", kDepthMax));
  }
  int depth_ = 0;
};

bool find_duplicates(const YAML::Node& node, const std::string& file, Problems& problems) {
  bool clean = true;
  if (node.IsMap()) {
    std::set<std::string> seen;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) {
        problems.add(place_of(file, entry.first.Mark()), "a key must be plain text");
        clean = false;
      } else if (!seen.insert(entry.first.Scalar()).second) {
        problems.add(
            place_of(file, entry.first.Mark()),
            fmt::format("key \"{}\" stands twice in this mapping; keep one", entry.first.Scalar()));
        clean = false;
      }
      clean = find_duplicates(entry.second, file, problems) && clean;
    }
  } else if (node.IsSequence()) {
    for (const auto& item : node) clean = find_duplicates(item, file, problems) && clean;
  }
  return clean;
}

bool guard(const std::string& yaml, const std::string& file, Problems& problems) {
  std::istringstream in(yaml);
  YAML::Parser parser(in);
  Guard events;
  parser.HandleNextDocument(events);
  if (events.refused) {
    problems.add(place_of(file, events.refused->first), events.refused->second);
    return false;
  }
  Guard more;
  if (parser.HandleNextDocument(more)) {
    problems.add({file, 0, 0}, "holds more than one YAML document (---); use one file each");
    return false;
  }
  return true;
}

}  // namespace

std::string Place::text() const {
  return line == 0 ? file : fmt::format("{}:{}:{}", file, line, column);
}
std::string Place::file_line() const { return line == 0 ? file : fmt::format("{}:{}", file, line); }

std::string Problems::text() const {
  std::vector<const Problem*> sorted;
  for (const Problem& problem : list_) sorted.push_back(&problem);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem* a, const Problem* b) {
    return std::tie(a->place.file, a->place.line, a->place.column) <
           std::tie(b->place.file, b->place.line, b->place.column);
  });
  std::string out;
  for (const Problem* problem : sorted) out += problem->text() + "\n";
  return out;
}

Error Problems::error(std::string_view attempted) const {
  return {ErrorCode::kInvalid,
          fmt::format("{}: {} problem{}\n{}", attempted, list_.size(), list_.size() == 1 ? "" : "s",
                      text()),
          ""};
}

Node::Node(std::shared_ptr<const YAML::Node> node, std::shared_ptr<const std::string> file)
    : node_(std::move(node)), file_(std::move(file)) {}

std::optional<Node> Node::parse(std::string_view yaml, std::string file, Problems& problems) {
  try {
    const std::string text(yaml);
    if (!valid_utf8(text)) {
      problems.add({file, 0, 0}, "is not UTF-8");
      return std::nullopt;
    }
    if (!guard(text, file, problems)) return std::nullopt;
    auto root = std::make_shared<const YAML::Node>(YAML::Load(text));
    if (!find_duplicates(*root, file, problems)) return std::nullopt;
    return Node(std::move(root), std::make_shared<const std::string>(std::move(file)));
  } catch (const YAML::Exception& failure) {
    problems.add(place_of(file, failure.mark), "cannot be read as YAML: " + failure.msg);
    return std::nullopt;
  }
}

Node::Kind Node::kind() const {
  if (node_->IsMap()) return Kind::kMap;
  if (node_->IsSequence()) return Kind::kList;
  if (node_->IsScalar()) return Kind::kScalar;
  return Kind::kNull;
}

Place Node::place() const { return place_of(*file_, node_->Mark()); }

std::string Node::scalar() const { return node_->IsScalar() ? node_->Scalar() : std::string(); }

std::vector<Node> Node::items() const {
  std::vector<Node> out;
  if (!node_->IsSequence()) return out;
  for (const auto& item : *node_)
    out.push_back(Node(std::make_shared<const YAML::Node>(item), file_));
  return out;
}

std::vector<Node::Member> Node::members() const {
  std::vector<Member> out;
  if (!node_->IsMap()) return out;
  for (const auto& entry : *node_)
    out.push_back({entry.first.Scalar(), place_of(*file_, entry.first.Mark()),
                   Node(std::make_shared<const YAML::Node>(entry.second), file_)});
  return out;
}

std::optional<Node> Node::member(std::string_view key) const {
  for (Member& member : members())
    if (member.key == key) return std::move(member.value);
  return std::nullopt;
}

std::string Node::excerpt() const {
  YAML::Emitter out;
  out.SetMapFormat(YAML::Flow);
  out.SetSeqFormat(YAML::Flow);
  out << *node_;
  std::string text = out.c_str();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return cut_text(text, 60);
}

}  // namespace tocsin::config
