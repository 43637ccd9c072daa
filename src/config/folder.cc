#include "config/folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/id.h"
#include "base/text.h"

namespace tocsin::config {
namespace {

namespace fs = std::filesystem;
constexpr size_t kFileBytesMax = 1 << 20;
constexpr size_t kFilesMax = 10'000;

bool is_yaml(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}
bool is_calendar(const fs::path& path) { return path.extension() == ".ics"; }
bool hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

void read_file(const fs::path& path, const std::string& name,
               std::map<std::string, std::string>& files, Problems& problems) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  if (!error && bytes > kFileBytesMax) {
    problems.add({name, 0, 0},
                 fmt::format("is {} bytes long; at most {} are read", bytes, kFileBytesMax));
    return;
  }
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (error || !in) {
    problems.add({name, 0, 0}, "cannot be read; check that it exists and its permissions");
    return;
  }
  files[name] = text.str();
}

}  // namespace

Folder Folder::load(const std::string& directory, Problems& problems) {
  std::map<std::string, std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator at(directory, fs::directory_options::follow_directory_symlink,
                                      error);
  if (error) {
    problems.add({directory, 0, 0}, "cannot be read as a configuration folder: " + error.message());
    return {};
  }
  for (const fs::recursive_directory_iterator end; at != end; at.increment(error)) {
    if (error) {
      problems.add({directory, 0, 0}, "cannot be listed: " + error.message());
      break;
    }
    if (hidden(at->path())) {
      if (at->is_directory(error)) at.disable_recursion_pending();
      continue;
    }
    const bool wanted = is_yaml(at->path()) || is_calendar(at->path());
    if (!wanted || !at->is_regular_file(error)) continue;
    if (files.size() >= kFilesMax) {
      problems.add({directory, 0, 0}, fmt::format("holds more than {} files", kFilesMax));
      break;
    }
    read_file(at->path(), fs::relative(at->path(), directory).generic_string(), files, problems);
  }
  return from_texts(files, problems);
}

Folder Folder::from_texts(const std::map<std::string, std::string>& files, Problems& problems) {
  Folder folder;
  folder.files_ = files;
  IdBuilder version;
  for (const auto& [name, text] : files) {
    version.add(name).add(text);
    if (!is_calendar(name)) folder.add_sections(name, text, problems);
  }
  folder.version_ = to_text(version.finish()).substr(0, 16);
  return folder;
}

void Folder::add_sections(const std::string& name, const std::string& text, Problems& problems) {
  const std::optional<Node> root = Node::parse(text, name, problems);
  if (!root || root->kind() == Node::Kind::kNull) return;
  if (root->kind() != Node::Kind::kMap) {
    problems.add(root->place(),
                 "a configuration file must be a mapping of sections, such as \"rules:\"");
    return;
  }
  for (Node::Member& member : root->members()) sections_.push_back(std::move(member));
}

void Folder::add_builtin(const std::string& name, const std::string& text, Problems& problems) {
  add_sections(name, text, problems);
  version_ = to_text(IdBuilder().add(version_).add(name).add(text).finish()).substr(0, 16);
}

std::vector<Node> Folder::section(std::string_view name) const {
  std::vector<Node> out;
  for (const Node::Member& member : sections_)
    if (member.key == name && member.value.kind() != Node::Kind::kNull) out.push_back(member.value);
  return out;
}

void Folder::for_each(std::string_view name, std::string_view type, Problems& problems,
                      const MapReader::Each& each) const {
  for (const Node& node : section(name)) {
    if (node.kind() != Node::Kind::kList) {
      problems.add(node.place(), fmt::format("section \"{}\" must be a list (- id: ...)", name));
      continue;
    }
    for (const Node& item : node.items()) {
      MapReader reader(item, type, problems);
      if (item.kind() == Node::Kind::kMap) each(reader);
    }
  }
}

bool Folder::single(std::string_view name, std::string_view type, Problems& problems,
                    const MapReader::Each& each) const {
  const std::vector<Node> found = section(name);
  if (found.empty()) return false;
  for (size_t i = 1; i < found.size(); ++i)
    problems.add(found[i].place(), fmt::format("section \"{}\" stands in {} already; keep one",
                                               name, found[0].place().file_line()));
  MapReader reader(found[0], type, problems);
  if (found[0].kind() == Node::Kind::kMap) each(reader);
  return true;
}

void Folder::check_sections(std::span<const std::string_view> known, Problems& problems) const {
  for (const Node::Member& member : sections_) {
    if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
    const std::string_view near = nearest_word(member.key, known);
    problems.add(member.place,
                 fmt::format("unknown section \"{}\"{}", member.key,
                             near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
  }
}

}  // namespace tocsin::config
