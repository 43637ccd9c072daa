#include "respond/secret.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "config/reader.h"

namespace tocsin::respond {
namespace {

constexpr size_t kSecretMax = 4096;

Result<std::string> read_secret_file(const std::string& directory, const std::string& path) {
  const std::string full = path.starts_with('/') ? path : directory + "/" + path;
  std::ifstream file(full, std::ios::binary);
  std::string text(kSecretMax + 1, '\0');
  if (!file || !(file.read(text.data(), static_cast<std::streamsize>(text.size())) || file.eof()))
    return fail(ErrorCode::kInvalid, "the secret's file " + full + " cannot be read");
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

}  // namespace

SecretSources SecretSources::real(std::string directory) {
  SecretSources out;
  out.environment = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
  out.file = [directory = std::move(directory)](const std::string& path) {
    return read_secret_file(directory, path);
  };
  return out;
}

Secret SecretReader::read(const std::string& name, const std::string& doc) {
  const std::string in_file = name + "_file";
  const std::string in_env = name + "_env";
  const auto path = map_.optional<std::string>(in_file, doc + " File that holds it.");
  const auto variable =
      map_.optional<std::string>(in_env, "The same, from this variable of the environment.");
  if (map_.describing() || (!path && !variable)) return {};
  if (path && variable) {
    map_.problem(in_env, "give " + in_file + " or " + in_env + ", not both");
    return {};
  }
  return path ? from_file(in_file, *path) : from_environment(in_env, *variable);
}

Secret SecretReader::needed(const std::string& name, const std::string& whose,
                            const std::string& doc) {
  Secret out = read(name, doc);
  if (!map_.describing() && !given(map_, name))
    map_.problem("kind", whose + " needs " + name + "_file or " + name + "_env");
  return out;
}

bool SecretReader::given(const config::MapReader& map, const std::string& name) {
  return map.has(name + "_file") || map.has(name + "_env");
}

Secret SecretReader::from_file(const std::string& key, const std::string& path) {
  const auto text = sources_.file(path);
  if (text) return checked(key, *text);
  map_.problem(key, text.error().message);
  return {};
}

Secret SecretReader::from_environment(const std::string& key, const std::string& variable) {
  const auto text = sources_.environment(variable);
  if (text) return checked(key, *text);
  map_.problem(key, "the environment has no variable " + variable);
  return {};
}

Secret SecretReader::checked(const std::string& key, std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const bool plain =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
  if (text.empty() || text.size() > kSecretMax || !plain) {
    map_.problem(key, fmt::format("the secret must be one line of 1 to {} bytes", kSecretMax));
    return {};
  }
  return Secret(std::move(text));
}

}  // namespace tocsin::respond
