#pragma once
// Whether a URL's host is a cloud's metadata service by its looks: for requests whose connection
// shows a proxy's address instead (else AddressList judges the address that is connected to).

#include <string_view>

namespace tocsin::net {

// Addresses in whatever spelling a resolver takes, and the names that only these services have.
bool names_metadata(std::string_view host);

}  // namespace tocsin::net
