#pragma once
// A change of a worker's settings as a change of the file that it stands in: only the values
// change, comments and layout of the rest stay. What is edited is found by the places of the YAML's
// nodes; the result is read again and must say what was asked for, else nothing is changed.

#include <string>

#include "base/result.h"
#include "server/manager.h"
#include "tocsin/config_files.h"

namespace tocsin {

using server::WorkerChanges;

struct EditedFile {
  std::string name, text;
};
// kInvalid: what was asked for cannot be, and why. kRefused: a layout that this cannot edit; the
// message says what to write by hand. A worker that no file holds (the built-in `default`) gets
// a file of its own.
Result<EditedFile> edit_worker(const FileTexts& files, const std::string& id,
                               const WorkerChanges& changes);

}  // namespace tocsin
