#include "access/token_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/text.h"

namespace tocsin::access {
namespace {

constexpr off_t kFileBytesMax = 8 << 20;

std::string_view take_word(std::string_view& line) {
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

Result<Token> parse(std::string_view line) {
  Token out;
  if (take_word(line) != "1") return fail(ErrorCode::kCorrupt, "not a line of version 1");
  out.hash = take_word(line);
  if (out.hash.size() != 64 || out.hash.find_first_not_of("0123456789abcdef") != out.hash.npos)
    return fail(ErrorCode::kCorrupt, "the hash is not 64 hexadecimal digits");
  const std::string_view scope = take_word(line);
  if (scope != "read" && scope != "write" && scope != "admin")
    return fail(ErrorCode::kCorrupt, "the scope is not read, write or admin");
  const auto may = parse_scopes(scope);
  if (!may) return fail(may.error());
  out.may = *may;
  const auto created = parse_int(take_word(line));
  if (!created) return fail(ErrorCode::kCorrupt, "the time is not a number");
  out.created = TimeMs{*created};
  if (!check_name("token", line))
    return fail(ErrorCode::kCorrupt, "the name is missing or not printable");
  out.name = line;
  return out;
}

Result<std::string> read_private(const std::string& path) {
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0) {
    if (errno == ENOENT) return std::string();
    return fail(ErrorCode::kUnavailable,
                fmt::format("reading {} failed: {}", path, std::strerror(errno)));
  }
  if ((about.st_mode & 077) != 0)
    return fail(ErrorCode::kRefused, "reading " + path +
                                         " is refused because others may read it; chmod 600 it, "
                                         "or make new tokens");
  if (about.st_size > kFileBytesMax)
    return fail(ErrorCode::kCorrupt, path + " is larger than a token file can be");
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fail(ErrorCode::kUnavailable, "reading " + path + " failed");
  return text.str();
}

}  // namespace

Result<std::vector<Token>> read_token_file(const std::string& path) {
  const auto text = read_private(path);
  if (!text) return fail(text.error());
  std::vector<Token> out;
  std::string_view rest = *text;
  for (int number = 1; !rest.empty(); ++number) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty() || line.front() == '#') continue;
    auto token = parse(line);
    if (!token)
      return fail(ErrorCode::kCorrupt, token.error().message, fmt::format("{}:{}", path, number));
    out.push_back(std::move(*token));
  }
  if (out.size() > kTokensMax) return fail(ErrorCode::kCorrupt, path + " holds too many tokens");
  return out;
}

}  // namespace tocsin::access
