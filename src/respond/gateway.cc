#include "respond/gateway.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/json_writer.h"
#include "base/text.h"
#include "respond/answer.h"
#include "respond/length.h"
#include "respond/url_text.h"

namespace tocsin::respond {
namespace {

Result<void> write_json(JsonWriter& json, const BodyTree& tree, const Message& message,
                        std::span<const Template::Field> own) {
  switch (tree.what) {
    case BodyTree::What::kText: {
      const auto text = tree.text.fill(message, own);
      if (!text) return fail(text.error());
      json.string(*text);
      return {};
    }
    case BodyTree::What::kLiteral:
      json.raw(tree.literal);
      return {};
    case BodyTree::What::kMap:
      json.begin_object();
      for (const auto& [name, value] : tree.members) {
        json.key(name);
        if (auto done = write_json(json, value, message, own); !done) return done;
      }
      json.end_object();
      return {};
    case BodyTree::What::kList:
      json.begin_array();
      for (const BodyTree& value : tree.items)
        if (auto done = write_json(json, value, message, own); !done) return done;
      json.end_array();
      return {};
  }
  return {};
}

Result<std::string> form_text(const BodyTree& tree, const Message& message,
                              std::span<const Template::Field> own) {
  std::string out;
  for (const auto& [name, value] : tree.members) {
    const auto text = value.text.fill(message, own);
    if (!text) return fail(text.error());
    out += (out.empty() ? "" : "&") + url_text(name) + "=" + url_text(*text);
  }
  return out;
}

std::string external_of(const Message& message, const std::vector<std::string>& told) {
  JsonWriter json;
  json.begin_object().member("delivery", message.notice.key).key("told").begin_array();
  for (const std::string& number : told) json.string(number);
  return json.end_array().end_object().take();
}

// Those who got this very delivery in an earlier attempt.
std::vector<std::string> told_before(const Message& message) {
  const JsonAnswer kept(message.external);
  std::vector<std::string> out;
  if (kept.text("delivery") != message.notice.key) return out;
  for (size_t i = 0; i < kept.count("told"); ++i)
    out.push_back(kept.text(fmt::format("told.{}", i)));
  return out;
}

}  // namespace

std::span<const std::string_view> gateway_fields() {
  static constexpr std::array<std::string_view, 5> kFields{"number", "text", "user", "password",
                                                           "token"};
  return kFields;
}

bool valid_number(std::string_view number) {
  return number.size() >= 7 && number.size() <= 16 && number.front() == '+' &&
         std::all_of(number.begin() + 1, number.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

Result<TargetPtr> GatewayTarget::for_address(const std::string& address) const {
  if (!valid_number(address))
    return fail(ErrorCode::kInvalid,
                fmt::format("\"{}\" is no telephone number; write it as +4930123456",
                            cut_text(address, 60)));
  auto out = std::make_shared<GatewayTarget>(*this);
  out->to = {address};
  return out;
}

Result<net::HttpRequest> GatewayTarget::request(const Message& message,
                                                const std::string& number) const {
  const auto said = text.fill(message);
  if (!said) return fail(said.error());
  const std::array<Template::Field, 5> own{
      {{"number", number},
       {"text", cut_length(*said, text_max, LengthUnit::kRunes)},
       {"user", credentials.user},
       {"password", credentials.password.reveal()},
       {"token", credentials.token.reveal()}}};
  net::HttpRequest out;
  out.method = method;
  const auto where = url.fill(message, own);
  if (!where) return fail(where.error());
  out.url = *where;
  if (body == Body::kJson) {
    JsonWriter json;
    if (auto done = write_json(json, fields, message, own); !done) return fail(done.error());
    out.body = json.take();
    out.headers.add("Content-Type", "application/json");
  } else if (body == Body::kForm) {
    auto form = form_text(fields, message, own);
    if (!form) return fail(form.error());
    out.body = std::move(*form);
    out.headers.add("Content-Type", "application/x-www-form-urlencoded");
  }
  out.headers.add("User-Agent", "Tocsin");
  sign_in(out);
  for (const auto& [name, value] : headers.pairs()) out.headers.set(name, value);
  http.apply(out);
  return out;
}

void GatewayTarget::sign_in(net::HttpRequest& request) const {
  if (auth_header.empty()) return;  // the credentials stand in the fields
  if (credentials.token.empty()) return credentials.apply(request);
  const std::string before = auth_scheme.empty() ? "" : auth_scheme + " ";
  request.headers.set(auth_header, before + credentials.token.reveal());
}

DeliveryResult GatewayTarget::judge(const net::HttpAnswer& answer, TimeMs now) const {
  if (sent_path.empty()) return judge_status(answer, now);
  const JsonAnswer said(answer.body);
  const auto found = said.at(sent_path);
  const bool good =
      found && std::find(sent_among.begin(), sent_among.end(), *found) != sent_among.end();
  return judge_said(answer, now, good,
                    found ? fmt::format("{} is {}", sent_path, cut_text(*found, 60))
                          : fmt::format("there is no {} in the answer: {}", sent_path,
                                        cut_text(answer.body, 100)));
}

Step GatewayTarget::begin(const Message& message) const {
  return next(message, told_before(message), message.notice.time);
}

Step GatewayTarget::next(const Message& message, std::vector<std::string> told, TimeMs) const {
  const auto number = std::find_if(to.begin(), to.end(), [&](const std::string& each) {
    return std::find(told.begin(), told.end(), each) == told.end();
  });
  if (number == to.end()) return end(Outcome::kSent, "all numbers had it before");
  auto first = request(message, *number);
  if (!first) return end(Outcome::kFinal, "not sent: " + first.error().message);
  return ask(std::move(*first), [this, message, told, called = *number](
                                    const net::HttpAnswer& answer, TimeMs now) mutable {
    DeliveryResult result = judge(answer, now);
    if (to.size() > 1) {
      if (result.outcome == Outcome::kSent) told.push_back(called);
      result.answer =
          fmt::format("{}: {} ({} of {} told)", called, result.answer, told.size(), to.size());
      result.external = external_of(message, told);
    }
    if (result.outcome != Outcome::kSent || told.size() >= to.size() || to.size() == 1)
      return end(std::move(result));
    return next(message, std::move(told), now);
  });
}

}  // namespace tocsin::respond
