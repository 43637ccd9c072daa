// `tocsin oncall`: who is on call, asked of a running server.

#include <fmt/format.h>

#include <cstdio>

#include "net/url.h"
#include "tocsin/client.h"
#include "tocsin/commands.h"

namespace tocsin {

int print_on_call(const OnCallOptions& options) {
  if (!options.at.empty() && options.schedule.empty())
    return failed({ErrorCode::kInvalid, "--at needs the name of a schedule", ""});
  std::string path = "/api/oncall";
  if (!options.schedule.empty()) path += "/" + net::percent_encode(options.schedule);
  path += options.json ? "?" : "?format=text&";
  if (!options.at.empty()) path += "at=" + net::percent_encode(options.at);
  Client client(options.url, options.token);
  const auto answer = client.call("GET", path, "", "");
  if (!answer) return failed(answer.error());
  if (answer->status != 200)
    return failed({ErrorCode::kUnavailable,
                   fmt::format("asking {} who is on call failed with {}: {}", client.url(),
                               answer->status, answer->body),
                   ""});
  std::printf("%s%s", answer->body.c_str(), options.json ? "\n" : "");
  return 0;
}

}  // namespace tocsin
