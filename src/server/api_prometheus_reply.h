#pragma once
// How the routes under /api/v1/ answer: Prometheus' envelope, statuses and access from other pages.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"
#include "server/queries.h"

namespace tocsin::server::prometheus {

// A complete JSON body with status 200.
net::Response success(std::string body);
// type: "bad_data" 400, "execution" 422, "timeout", "canceled", "unavailable" 503, else 500.
net::Response failure(std::string_view type, std::string_view message);
// What went wrong with the request itself: 400, in its own words.
net::Response refusal(const Error& error);
// What went wrong while it was worked on; `abandoned`: the client had gone away.
net::Response failed(const Error& error, bool abandoned = false);

// Answers with what `work` makes, on the pool.
using Work = std::function<net::Response(QueryContext&)>;
void submit(Queries& queries, const net::Request& request, net::Respond respond, DurationMs timeout,
            Work work);

// A browser's page from elsewhere may read the answer: any page if a token came along, else only
// pages of this machine, so that no other page looks into a server that asks for no token.
void allow_origin(const net::Request& request, net::Response& response);
net::Respond with_origin(const net::Request& request, net::Respond respond);

}  // namespace tocsin::server::prometheus
