#include "tocsin/config_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/bytes.h"
#include "base/id.h"
#include "base/text.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;
constexpr size_t kNameBytesMax = 200;
constexpr std::string_view kPlanMagic = "tocsin publish 1";

// version, count, then per file: name, 1 and text or 0; the hash of all that before it at the end.
std::string plan_bytes(const FileChanges& changes) {
  ByteWriter out;
  out.text(kPlanMagic);
  out.varint(changes.size());
  for (const auto& [name, text] : changes) {
    out.text(name);
    out.u8(text ? 1 : 0);
    if (text) out.text(*text);
  }
  const uint64_t hash = hash64(out.bytes());
  out.u64(hash);
  return out.take();
}

std::optional<FileChanges> read_plan(std::string_view bytes) {
  if (bytes.size() < sizeof(uint64_t)) return std::nullopt;
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(uint64_t));
  ByteReader tail(bytes.substr(body.size()));
  if (tail.u64() != hash64(body)) return std::nullopt;
  ByteReader in(body);
  if (in.text() != kPlanMagic) return std::nullopt;
  FileChanges out;
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const std::string name(in.text());
    std::optional<std::string> text;
    if (in.u8() != 0) text = std::string(in.text());
    if (name_problem(name)) return std::nullopt;
    out.emplace(name, std::move(text));
  }
  if (!in.ok()) return std::nullopt;
  return out;
}

// Where the bytes of a file are: behind a link, if it is one, for the reader follows links too.
fs::path target_of(const std::string& directory, const std::string& name) {
  std::error_code error;
  const fs::path plain = fs::path(directory) / name;
  if (!fs::is_symlink(plain, error)) return plain;
  const fs::path real = fs::canonical(plain, error);
  return error ? plain : real;
}

// The new text goes into a new file: it is as readable as the old one was.
Result<void> write_one(Disk& disk, const std::string& directory, const std::string& name,
                       const std::string& text) {
  const fs::path path = target_of(directory, name);
  const std::string folder = path.parent_path().string();
  if (auto done = disk.make_directory(folder); !done) return done;
  std::error_code error;
  const fs::file_status before = fs::status(path, error);
  if (auto done = write_file_atomically(disk, folder, path.filename().string(), text); !done)
    return done;
  if (!error && before.type() == fs::file_type::regular)
    fs::permissions(path, before.permissions(), error);
  return {};
}

Result<void> remove_one(Disk& disk, const std::string& directory, const std::string& name) {
  const fs::path path = fs::path(directory) / name;
  if (auto done = disk.remove(path.string()); !done) return done;
  return disk.sync_directory(path.parent_path().string());
}

Result<void> carry_out(Disk& disk, const std::string& directory, const FileChanges& changes) {
  for (const auto& [name, text] : changes)
    if (auto done =
            text ? write_one(disk, directory, name, *text) : remove_one(disk, directory, name);
        !done)
      return done;
  if (auto done = disk.remove(directory + "/" + std::string(kPlanName)); !done) return done;
  return disk.sync_directory(directory);
}

}  // namespace

std::string hash_of(const FileTexts& files) {
  IdBuilder builder;
  for (const auto& [name, text] : files) builder.add(name).add(text);
  return to_text(builder.finish()).substr(0, 16);
}

std::optional<std::string> name_problem(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax)
    return fmt::format("a file's name is 1 to {} bytes long", kNameBytesMax);
  if (!valid_utf8(name) || std::any_of(name.begin(), name.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == '\\' || c == 0x7f;
      }))
    return "a file's name is UTF-8 text without control characters and backslashes";
  if (!name.ends_with(".yaml") && !name.ends_with(".yml") && !name.ends_with(".ics"))
    return "a file of the configuration ends in .yaml, .yml or .ics; others are not read";
  for (size_t from = 0; from <= name.size();) {
    const size_t to = std::min(name.find('/', from), name.size());
    const std::string_view part = name.substr(from, to - from);
    if (part.empty() || part.starts_with('.'))
      return "a file stands below the configuration folder, and no part of its path begins with "
             "a dot";
    from = to + 1;
  }
  return std::nullopt;
}

FileTexts with_changes(FileTexts files, const FileChanges& changes) {
  for (const auto& [name, text] : changes) {
    if (text)
      files[name] = *text;
    else
      files.erase(name);
  }
  return files;
}

FileChanges changes_between(const FileTexts& from, const FileTexts& to) {
  FileChanges out;
  for (const auto& [name, text] : from)
    if (!to.contains(name)) out[name] = std::nullopt;
  for (const auto& [name, text] : to) {
    const auto old = from.find(name);
    if (old == from.end() || old->second != text) out[name] = text;
  }
  return out;
}

Result<void> write_changes(Disk& disk, const std::string& directory, const FileChanges& changes) {
  if (changes.empty()) return {};
  if (auto done =
          write_file_atomically(disk, directory, std::string(kPlanName), plan_bytes(changes));
      !done)
    return done;
  return carry_out(disk, directory, changes);
}

Result<std::vector<std::string>> finish_writing(Disk& disk, const std::string& directory) {
  std::vector<std::string> names;
  auto listed = disk.list(directory);
  if (!listed) return fail(listed.error());
  if (!std::binary_search(listed->begin(), listed->end(), kPlanName)) return names;
  const std::string path = directory + "/" + std::string(kPlanName);
  auto bytes = read_whole_file(disk, path);
  if (!bytes) return fail(bytes.error());
  const auto changes = read_plan(*bytes);
  if (!changes)
    return fail(ErrorCode::kCorrupt,
                fmt::format("finishing the change of the configuration in {}: it does not check "
                            "out; see that the folder is as you want it, then remove the file",
                            path));
  if (auto done = carry_out(disk, directory, *changes); !done) return fail(done.error());
  for (const auto& [name, text] : *changes) names.push_back(name);
  return names;
}

}  // namespace tocsin
