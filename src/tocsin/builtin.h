#pragma once
// Workers and rules that every configuration has without asking for them: Tocsin's watch over
// itself. They are files of YAML beside the user's, so that they are read, checked, versioned,
// decided, routed and shown like any other; there is no second way from a point to an alert.
//
// To add some: write a function that gives a File, and name it in builtin_files(). What the file
// depends on (sections of the user's folder) it takes from `folder`; ids begin with "tocsin-".

#include <string>
#include <string_view>
#include <vector>

#include "config/folder.h"

namespace tocsin {

struct BuiltinFile {
  std::string name;  // begins with kBuiltinPrefix; what places in messages and on pages say
  std::string yaml;
};
inline constexpr std::string_view kBuiltinPrefix = "built in: ";

std::vector<BuiltinFile> builtin_files(const config::Folder& folder, config::Problems& problems);
// The folder with them.
void add_builtin(config::Folder& folder, config::Problems& problems);
// Whether a worker or rule with this place is one of them.
bool is_builtin(std::string_view place);
// A text as a YAML scalar, whatever it holds.
std::string yaml_text(std::string_view text);

}  // namespace tocsin
