#pragma once
// Expected failures. A Result<T> is a value or an Error; callers must look.
// "Not found" is an optional, not an error. A broken invariant is TOCSIN_CHECK (base/check.h).

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace tocsin {

enum class ErrorCode {
  kInvalid,      // the input is wrong; trying again changes nothing
  kRefused,      // not allowed, or not in this state
  kExhausted,    // a limit or the disk is full; try again later
  kUnavailable,  // the other side is down or slow; try again later
  kCorrupt,      // what was kept does not check out
  kInternal,     // a library failed in a way that was not foreseen
};

// message: what was attempted, on what, why it failed, what to do.
// place: file:line:column of the user's text, or empty.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::string place;

  // "place: message", or the message alone.
  std::string text() const { return place.empty() ? message : place + ": " + message; }
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string place = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(place)});
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace tocsin
