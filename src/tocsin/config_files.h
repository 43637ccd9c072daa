#pragma once
// The texts of a configuration folder as values, and how a change of several files gets onto the
// disk as a whole:
//
//   1. all new texts into one hidden file, kPlanName      (tmp, sync, rename, sync of the folder)
//   2. each file in turn                                   (the same)
//   3. the plan is removed
//
// A crash before 1 is complete leaves the old folder; after it, finish_writing() goes on where it
// stopped. Whoever reads the folder must call that first. See docs/formats/config-plan.md.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"

namespace tocsin {

using FileTexts = std::map<std::string, std::string>;  // name below the folder -> text
using FileChanges = std::map<std::string, std::optional<std::string>>;  // no text: removed

inline constexpr std::string_view kPlanName = ".tocsin-publish";
inline constexpr size_t kConfigFileBytesMax = 1 << 20;  // as the reader of the folder

// 16 hexadecimal digits over names and texts. Not the version that /api/status shows: that covers
// what is built in as well.
std::string hash_of(const FileTexts& files);
// Why no file of the folder can be called so; nothing if one can.
std::optional<std::string> name_problem(std::string_view name);
FileTexts with_changes(FileTexts files, const FileChanges& changes);
// What makes `to` of `from`: only what differs.
FileChanges changes_between(const FileTexts& from, const FileTexts& to);

// kExhausted and others as the disk says; the folder is then as it was, or finish_writing() makes
// it as it was meant to be. Names were checked.
Result<void> write_changes(Disk& disk, const std::string& directory, const FileChanges& changes);
// Finishes a change that was cut short; gives the names of the files, none if there was no such
// change. kCorrupt if the plan is damaged: the folder is as before or partly changed, look at it
// and remove the plan.
Result<std::vector<std::string>> finish_writing(Disk& disk, const std::string& directory);

}  // namespace tocsin
