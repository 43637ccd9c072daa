// JSON bodies: the only source of server/ that sees Boost.JSON.

#include <fmt/format.h>

#include <boost/json/parse.hpp>

#include "server/params.h"

namespace tocsin::server {

namespace json = boost::json;

struct Body::Impl {
  json::object members;
};

namespace {

tl::unexpected<Error> wrong(std::string_view key, std::string_view expected) {
  return fail(ErrorCode::kInvalid,
              fmt::format("reading \"{}\" of the body failed: it has to be {}", key, expected));
}

}  // namespace

Result<Body> Body::parse(std::string_view text, size_t bytes_max) {
  if (text.size() > bytes_max)
    return fail(ErrorCode::kInvalid,
                fmt::format("the body is longer than {} KB; say it shorter", bytes_max / 1024));
  auto impl = std::make_shared<Impl>();
  if (text.find_first_not_of(" \t\r\n") != text.npos) {
    json::parse_options options;
    options.max_depth = 8;
    json::error_code failed;
    json::value value = json::parse({text.data(), text.size()}, failed, {}, options);
    if (failed)
      return fail(ErrorCode::kInvalid, "reading the body failed: it is not JSON (" +
                                           failed.message() + "); send one object");
    if (!value.is_object())
      return fail(ErrorCode::kInvalid, "reading the body failed: it is not a JSON object");
    impl->members = std::move(value.as_object());
  }
  Body out;
  out.impl_ = std::move(impl);
  return out;
}

bool Body::has(std::string_view key) const {
  const json::value* value = impl_->members.if_contains({key.data(), key.size()});
  return value != nullptr && !value->is_null();
}

Result<std::string> Body::text(std::string_view key, size_t bytes_max) const {
  const json::value* value = impl_->members.if_contains({key.data(), key.size()});
  if (!value || value->is_null()) return std::string();
  if (!value->is_string()) return wrong(key, "text");
  const json::string& text = value->get_string();
  if (text.size() > bytes_max) return wrong(key, fmt::format("at most {} bytes long", bytes_max));
  return std::string(text.data(), text.size());
}

Result<std::string> Body::required_text(std::string_view key, size_t bytes_max) const {
  auto out = text(key, bytes_max);
  if (out && out->empty()) return wrong(key, "there, and not empty");
  return out;
}

Result<std::vector<std::string>> Body::required_texts(std::string_view key,
                                                      size_t items_max) const {
  const json::value* value = impl_->members.if_contains({key.data(), key.size()});
  if (!value || !value->is_array() || value->get_array().empty() ||
      value->get_array().size() > items_max)
    return wrong(key, fmt::format("a list of 1 to {} texts", items_max));
  std::vector<std::string> out;
  for (const json::value& item : value->get_array()) {
    if (!item.is_string()) return wrong(key, "a list of texts");
    out.emplace_back(item.get_string().data(), item.get_string().size());
  }
  return out;
}

Result<Body::TextMap> Body::required_text_map(std::string_view key, size_t items_max,
                                              size_t bytes_max) const {
  const std::string expected =
      fmt::format("an object of 1 to {} members, each a text or null", items_max);
  const json::value* value = impl_->members.if_contains({key.data(), key.size()});
  if (!value || !value->is_object() || value->get_object().empty() ||
      value->get_object().size() > items_max)
    return wrong(key, expected);
  TextMap out;
  for (const auto& [name, item] : value->get_object()) {
    std::optional<std::string>& text = out[std::string(name.data(), name.size())];
    if (item.is_null()) continue;
    if (!item.is_string()) return wrong(key, expected);
    if (item.get_string().size() > bytes_max)
      return wrong(key, fmt::format("an object of texts of at most {} bytes", bytes_max));
    text = std::string(item.get_string().data(), item.get_string().size());
  }
  return out;
}

Result<Body::TextMap> Body::text_map(std::string_view key, size_t items_max,
                                     size_t bytes_max) const {
  const json::value* value = impl_->members.if_contains({key.data(), key.size()});
  const bool nothing =
      !value || value->is_null() || (value->is_object() && value->get_object().empty());
  return nothing ? TextMap{} : required_text_map(key, items_max, bytes_max);
}

Result<std::optional<double>> Body::number(std::string_view key) const {
  const json::value* value = impl_->members.if_contains({key.data(), key.size()});
  if (!value || value->is_null()) return std::optional<double>();
  if (!value->is_number()) return wrong(key, "a number");
  return std::optional<double>(value->to_number<double>());
}

Result<std::map<std::string, double>> Body::numbers(std::string_view key, size_t items_max) const {
  std::map<std::string, double> out;
  const json::value* value = impl_->members.if_contains({key.data(), key.size()});
  if (!value || value->is_null()) return out;
  const std::string expected = fmt::format("an object of at most {} numbers", items_max);
  if (!value->is_object() || value->get_object().size() > items_max) return wrong(key, expected);
  for (const auto& [name, item] : value->get_object()) {
    if (!item.is_number()) return wrong(key, expected);
    out[std::string(name.data(), name.size())] = item.to_number<double>();
  }
  return out;
}

Result<TimeMs> Body::required_time(std::string_view key) const {
  constexpr std::string_view kExpected = "unix milliseconds or a time as 2026-11-23T14:32:45Z";
  const json::value* value = impl_->members.if_contains({key.data(), key.size()});
  if (!value) return wrong(key, kExpected);
  std::optional<TimeMs> time;
  if (value->is_int64())
    time = TimeMs{value->get_int64()};
  else if (value->is_string())
    time = parse_time({value->get_string().data(), value->get_string().size()});
  if (!time || *time < kTimeMin || *time > kTimeMax) return wrong(key, kExpected);
  return *time;
}

Result<std::string> author(const Body& body, const net::Request& request) {
  constexpr size_t kNameBytesMax = 200;
  auto by = body.text("by", kNameBytesMax);
  if (!by) return fail(by.error());
  // Who signed in acts in their own name; a token's owner may act for somebody.
  if (by->empty() || (request.who && request.who->kind == Who::Kind::kUser)) *by = request.user;
  if (by->empty())
    return fail(ErrorCode::kInvalid, "reading the body failed: \"by\" has to say who does this");
  return *by;
}

}  // namespace tocsin::server
