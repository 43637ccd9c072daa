#include "respond/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cctype>

#include "base/text.h"

namespace tocsin::respond {
namespace {

using Outcome = supervisor::DeliveryResult::Outcome;

constexpr size_t kAnswerExcerptMax = 200;

bool is_final(int status) {
  constexpr std::array kOfTheMessage{400, 405, 406, 409, 410, 411, 413, 414, 415, 422, 431};
  return std::find(kOfTheMessage.begin(), kOfTheMessage.end(), status) != kOfTheMessage.end();
}

std::string excerpt(std::string_view body) {
  std::string out = cut_text(body, kAnswerExcerptMax);
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace

std::string answer_text(const net::HttpAnswer& answer) {
  if (answer.status == 0)
    return fmt::format("no answer in {} ms: {}", answer.elapsed.count,
                       cut_text(answer.error, kAnswerExcerptMax));
  std::string out = fmt::format("{} in {} ms", answer.status, answer.elapsed.count);
  if (answer.status >= 300 && answer.status < 400)
    return out + "; redirects are not followed, configure where it leads";
  if (!answer.ok() && !answer.body.empty()) out += ": " + excerpt(answer.body);
  return out;
}

std::optional<DurationMs> requested_wait(const net::HttpAnswer& answer, TimeMs now) {
  const auto wait = net::parse_retry_after(answer.headers.get("retry-after"), now);
  if (!wait) return std::nullopt;
  return std::min(*wait, hours(1));
}

supervisor::DeliveryResult judge_status(const net::HttpAnswer& answer, TimeMs now) {
  supervisor::DeliveryResult out;
  out.answer = answer_text(answer);
  if (answer.ok()) return out;
  out.outcome = is_final(answer.status) ? Outcome::kFinal : Outcome::kRetry;
  out.retry_after = requested_wait(answer, now);
  return out;
}

supervisor::DeliveryResult judge_said(const net::HttpAnswer& answer, TimeMs now, bool says_so,
                                      std::string_view complaint) {
  supervisor::DeliveryResult out = judge_status(answer, now);
  if (out.outcome != Outcome::kSent || says_so) return out;
  out.outcome = Outcome::kRetry;
  out.retry_after = requested_wait(answer, now);
  out.answer += fmt::format(" but {}", cut_text(complaint, kAnswerExcerptMax));
  return out;
}

bool is_plain_id(std::string_view text) {
  return !text.empty() && text.size() <= 100 &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

JsonAnswer::JsonAnswer(std::string_view text) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse({text.data(), text.size()}, error);
  if (!error) value_ = std::make_unique<boost::json::value>(std::move(value));
}

JsonAnswer::~JsonAnswer() = default;

const boost::json::value* JsonAnswer::find(std::string_view path) const {
  const boost::json::value* at = value_.get();
  while (at != nullptr && !path.empty()) {
    const size_t end = std::min(path.find('.'), path.size());
    const std::string_view step = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (const auto* object = at->if_object()) {
      at = object->if_contains({step.data(), step.size()});
    } else if (const auto* list = at->if_array()) {
      const auto index = parse_int(step);
      const bool there = index && *index >= 0 && static_cast<size_t>(*index) < list->size();
      at = there ? &(*list)[static_cast<size_t>(*index)] : nullptr;
    } else {
      at = nullptr;
    }
  }
  return at;
}

std::optional<std::string> JsonAnswer::at(std::string_view path) const {
  const boost::json::value* found = find(path);
  if (found == nullptr || found->is_structured()) return std::nullopt;
  if (const auto* text = found->if_string()) return std::string(text->data(), text->size());
  return boost::json::serialize(*found);
}

size_t JsonAnswer::count(std::string_view path) const {
  const boost::json::value* found = find(path);
  if (found == nullptr) return 0;
  if (const auto* list = found->if_array()) return list->size();
  if (const auto* object = found->if_object()) return object->size();
  return 0;
}

}  // namespace tocsin::respond
