#pragma once
// A configuration folder: all *.yaml, *.yml and *.ics below one directory (hidden files and folders
// left out), read as a whole. Files of holidays (*.ics) have no sections: who names one reads it.
// The top-level keys of the files are its sections ("workers", "rules",
// ...); the same section may stand in several files.

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/node.h"
#include "config/reader.h"

namespace tocsin::config {

class Folder {
 public:
  // Problems that stop one file (unreadable, not YAML) are added; the rest is still read.
  static Folder load(const std::string& directory, Problems& problems);
  // For tests and the built-in configuration: file name -> YAML.
  static Folder from_texts(const std::map<std::string, std::string>& files, Problems& problems);

  // Adds a file that the program brings itself: part of sections and version, not of files().
  void add_builtin(const std::string& name, const std::string& text, Problems& problems);

  // Every value of that section, in order of file name; what is built in comes last.
  std::vector<Node> section(std::string_view name) const;
  // Calls `each` for every item of a section that is a list of mappings.
  void for_each(std::string_view name, std::string_view type, Problems& problems,
                const MapReader::Each& each) const;
  // A section that is one mapping and may stand once; a second one is a problem.
  bool single(std::string_view name, std::string_view type, Problems& problems,
              const MapReader::Each& each) const;
  // A problem for every section that is not in `known`.
  void check_sections(std::span<const std::string_view> known, Problems& problems) const;
  // Hash of all names and contents: the version of the configuration.
  std::string version() const { return version_; }
  // File name -> its text, as loaded.
  const std::map<std::string, std::string>& files() const { return files_; }

 private:
  void add_sections(const std::string& name, const std::string& text, Problems& problems);
  std::map<std::string, std::string> files_;
  std::vector<Node::Member> sections_;
  std::string version_;
};

}  // namespace tocsin::config
