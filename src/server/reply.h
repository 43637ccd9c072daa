#pragma once
// From results to responses: the one place that knows which error is which status.

#include <utility>

#include "base/json_writer.h"
#include "net/http.h"
#include "server/views.h"

namespace tocsin::server {

net::Response error_response(const Error& error);
net::Response json_response(JsonWriter& json);  // 200, never stored by caches
net::Response missing_response(std::string_view what);

// A `done` that writes the value with `write(json, value)`, or the error.
template <class T, class Write>
Done<T> reply(net::Respond respond, Write write) {
  return [respond = std::move(respond), write](Result<T> result) {
    if (!result) return respond(error_response(result.error()));
    JsonWriter json;
    write(json, *result);
    respond(json_response(json));
  };
}

// The same for what may not be there: 404 names `what`.
template <class T, class Write>
Done<std::optional<T>> reply_found(net::Respond respond, std::string what, Write write) {
  return [respond = std::move(respond), what = std::move(what),
          write](Result<std::optional<T>> result) {
    if (!result) return respond(error_response(result.error()));
    if (!result->has_value()) return respond(missing_response(what));
    JsonWriter json;
    write(json, **result);
    respond(json_response(json));
  };
}

// {"key":[...]} from a list.
template <class T, class Write>
Done<std::vector<T>> reply_list(net::Respond respond, std::string_view key, Write write) {
  return reply<std::vector<T>>(
      std::move(respond),
      [key = std::string(key), write](JsonWriter& json, const std::vector<T>& items) {
        json.begin_object().key(key).begin_array();
        for (const T& item : items) write(json, item);
        json.end_array().end_object();
      });
}

}  // namespace tocsin::server
