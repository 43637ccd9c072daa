#include "tocsin/json_answer.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>

#include "base/time.h"

namespace tocsin {
namespace {

const boost::json::value* member(const boost::json::value& object, std::string_view key) {
  return object.is_object() ? object.get_object().if_contains({key.data(), key.size()}) : nullptr;
}

}  // namespace

Result<boost::json::value> json_answer(Result<AccessAnswer> answer) {
  if (!answer) return fail(answer.error());
  boost::json::error_code failed;
  boost::json::value value =
      answer->body.empty() ? boost::json::value(nullptr) : boost::json::parse(answer->body, failed);
  if (failed) value = nullptr;
  if (answer->status >= 200 && answer->status < 300) return value;
  const std::string told = text_of(value, "error");
  return fail(ErrorCode::kInvalid,
              told.empty() ? fmt::format("the server answered {}", answer->status) : told);
}

std::string text_of(const boost::json::value& object, std::string_view key) {
  const boost::json::value* found = member(object, key);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

const boost::json::array& list_of(const boost::json::value& object, std::string_view key) {
  static const boost::json::array none;
  const boost::json::value* found = member(object, key);
  return found && found->is_array() ? found->get_array() : none;
}

std::string time_of(const boost::json::value& object, std::string_view key) {
  const boost::json::value* found = member(object, key);
  return found && found->is_int64() ? to_iso(TimeMs{found->get_int64()}) : "never";
}

}  // namespace tocsin
