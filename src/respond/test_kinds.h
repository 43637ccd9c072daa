#pragma once
// For tests only: receivers from YAML with secrets at hand, and what a conversation sends.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "respond/receiver.h"
#include "respond/test_notices.h"

namespace tocsin::respond::testing {

inline SecretSources secret_sources() {
  SecretSources out;
  out.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "HOOK") return "https://hook.example.com/secret";
    return "s3cret-" + name;
  };
  out.file = [](const std::string& path) -> Result<std::string> {
    return fail(ErrorCode::kInvalid, "no file " + path);
  };
  return out;
}

// One receiver named "ops"; `keys` is flow YAML without braces: "kind: teams, url_env: HOOK".
inline Receiver receiver_from(const std::string& keys, std::string* problems = nullptr) {
  config::Problems found;
  const auto folder = config::Folder::from_texts(
      {{"a.yaml", "receivers:\n  - {name: ops, " + keys + "}\n"}}, found);
  const Receivers out = Receivers::read(folder, secret_sources(), found);
  if (problems != nullptr)
    *problems = found.text();
  else
    EXPECT_EQ(found.text(), "");
  return out.list().front();
}

inline Message message(Event event, AlertView alert, std::string external = "") {
  const Links links{.external_url = "https://t.example.com", .grafana = "https://g.example.com"};
  return {links, notice(event, std::move(alert)), std::move(external)};
}

inline net::HttpAnswer http_answer(int status, std::string body) {
  net::HttpAnswer out;
  out.status = status;
  out.body = std::move(body);
  out.elapsed = milliseconds(6);
  return out;
}

// Plays a conversation: `answers` are given in order, the last one again and again.
struct Played {
  std::vector<net::HttpRequest> requests;
  DeliveryResult result;
};
inline Played play(const Receiver& receiver, const Message& message,
                   const std::vector<net::HttpAnswer>& answers, TimeMs now = {}) {
  Played out;
  Step step = dynamic_cast<const HttpTarget&>(*receiver.target).begin(message);
  while (step.request && out.requests.size() < 50) {
    out.requests.push_back(*step.request);
    step = step.then(answers[std::min(out.requests.size(), answers.size()) - 1], now);
  }
  out.result = step.result;
  return out;
}

}  // namespace tocsin::respond::testing
