#pragma once
// Tokens, passwords and keys: never in the configuration itself, never shown again.

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"

namespace tocsin::config {
class MapReader;
}

namespace tocsin::respond {

// A token, password or key. Only reveal() gives it away; nothing prints it by accident.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

// Where secrets come from; a test hands in its own.
struct SecretSources {
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::function<Result<std::string>(const std::string& path)> file;
  // The process's environment and files; relative paths start at `directory`.
  static SecretSources real(std::string directory);
};

// Every secret `NAME` is given as NAME_file or NAME_env.
class SecretReader {
 public:
  SecretReader(config::MapReader& map, const SecretSources& sources)
      : map_(map), sources_(sources) {}

  // Empty if it is not given or cannot be had; the latter is a problem of the configuration.
  Secret read(const std::string& name, const std::string& doc);
  // The same, and a problem if it is not given; `whose`: "a pagerduty receiver".
  Secret needed(const std::string& name, const std::string& whose, const std::string& doc);
  static bool given(const config::MapReader& map, const std::string& name);

 private:
  Secret from_file(const std::string& key, const std::string& path);
  Secret from_environment(const std::string& key, const std::string& variable);
  Secret checked(const std::string& key, std::string text);
  config::MapReader& map_;
  const SecretSources& sources_;
};

}  // namespace tocsin::respond
