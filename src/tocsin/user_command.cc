#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>

#include "base/json_writer.h"
#include "net/url.h"
#include "tocsin/access_command.h"
#include "tocsin/commands.h"
#include "tocsin/json_answer.h"

namespace tocsin {
namespace {

// Not shown while it is typed.
std::string ask(const char* what) {
  std::fprintf(stderr, "%s: ", what);
  termios before{};
  const bool terminal = ::tcgetattr(STDIN_FILENO, &before) == 0;
  if (terminal) {
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  std::string line;
  std::getline(std::cin, line);
  if (terminal) {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    std::fputc('\n', stderr);
  }
  return line;
}

// From a file, or typed twice at a terminal, or the first line of what is piped in. Never an
// argument: those are seen by everybody on the machine.
Result<std::string> new_password(const UserOptions& options) {
  if (!options.password_file.empty()) {
    std::ifstream file(options.password_file);
    std::string line;
    if (!std::getline(file, line))
      return fail(ErrorCode::kUnavailable,
                  "reading " + options.password_file + " failed: its first line is the password");
    return line;
  }
  const std::string first = ask("Password");
  if (::isatty(STDIN_FILENO) == 1 && ask("Again") != first)
    return fail(ErrorCode::kInvalid, "the two are not the same; nothing was changed");
  return first;
}

Result<std::unique_ptr<AccessApi>> open(const UserOptions& options, bool make) {
  return AccessApi::open(options.data.empty() ? Settings{}.data : options.data, make);
}

std::string path_of(const UserOptions& options, std::string_view rest = {}) {
  return fmt::format("/api/v1/users/{}{}", net::percent_encode(options.name), rest);
}

void write_given(JsonWriter& json, const UserOptions& options) {
  if (!options.real_name.empty()) json.member("real_name", options.real_name);
  if (!options.mail.empty()) json.member("mail", options.mail);
  if (!options.role.empty()) json.member("role", options.role);
  if (options.view) json.member("view", *options.view);
}

int done(Result<AccessAnswer> answer) {
  const auto read = json_answer(std::move(answer));
  return read ? 0 : failed(read.error());
}

}  // namespace

int user_add(const UserOptions& options) {
  const auto password = new_password(options);
  if (!password) return failed(password.error());
  auto api = open(options, true);
  if (!api) return failed(api.error());
  JsonWriter json;
  json.begin_object().member("name", options.name).member("password", *password);
  write_given(json, options);
  json.end_object();
  return done((*api)->call("POST", "/api/v1/users", json.take()));
}

int user_change(const UserOptions& options) {
  auto api = open(options, false);
  if (!api) return failed(api.error());
  JsonWriter json;
  json.begin_object();
  write_given(json, options);
  json.end_object();
  return done((*api)->call("PUT", path_of(options), json.take()));
}

int user_password(const UserOptions& options) {
  const auto password = new_password(options);
  if (!password) return failed(password.error());
  auto api = open(options, false);
  if (!api) return failed(api.error());
  JsonWriter json;
  json.begin_object().member("password", *password).end_object();
  return done((*api)->call("POST", path_of(options, "/password"), json.take()));
}

int user_remove(const UserOptions& options) {
  auto api = open(options, false);
  if (!api) return failed(api.error());
  return done((*api)->call("DELETE", path_of(options), ""));
}

int user_list(const UserOptions& options) {
  auto api = open(options, false);
  if (!api) return failed(api.error());
  const auto answer = json_answer((*api)->call("GET", "/api/v1/users", ""));
  if (!answer) return failed(answer.error());
  for (const boost::json::value& one : list_of(*answer, "users"))
    std::printf("%-20s %-10s %-25s %-30s %s\n", text_of(one, "name").c_str(),
                text_of(one, "role").c_str(), text_of(one, "real_name").c_str(),
                text_of(one, "mail").c_str(), text_of(one, "view").c_str());
  return 0;
}

}  // namespace tocsin
