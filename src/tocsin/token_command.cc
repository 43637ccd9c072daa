#include <cstdio>
#include <filesystem>

#include "access/tokens.h"
#include "base/clock.h"
#include "tocsin/commands.h"

namespace tocsin {
namespace {

Result<std::unique_ptr<access::Tokens>> load(const TokenOptions& options, bool make) {
  const std::string data = options.data.empty() ? Settings{}.data : options.data;
  std::error_code error;
  if (make) std::filesystem::create_directories(data, error);
  if (!std::filesystem::exists(data, error))
    return fail(ErrorCode::kInvalid, "there is no folder " + data + "; --data says where");
  return access::Tokens::load(data + "/tokens");
}

}  // namespace

int token_create(const TokenOptions& options) {
  auto tokens = load(options, true);
  if (!tokens) return failed(tokens.error());
  const auto scope = access::parse_scope(options.scope);
  auto plain =
      (*tokens)->create(options.name, scope.value_or(access::Scope::kWrite), SystemClock().now());
  if (!plain) return failed(plain.error());
  std::printf("%s\n", plain->c_str());
  std::fprintf(stderr, "Keep it: it is shown only now. Use it as  Authorization: Token ...\n");
  return 0;
}

int token_list(const TokenOptions& options) {
  auto tokens = load(options, false);
  if (!tokens) return failed(tokens.error());
  for (const access::TokenInfo& token : (*tokens)->list())
    std::printf("%-30s %-6s %s\n", token.name.c_str(), std::string(to_text(token.scope)).c_str(),
                to_iso(token.created).c_str());
  return 0;
}

int token_revoke(const TokenOptions& options) {
  auto tokens = load(options, false);
  if (!tokens) return failed(tokens.error());
  auto done = (*tokens)->revoke(options.name);
  if (!done) return failed(done.error());
  if (!*done)
    return failed({ErrorCode::kInvalid, "there is no token \"" + options.name + "\"", ""});
  return 0;
}

}  // namespace tocsin
