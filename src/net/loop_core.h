#pragma once
// The inside of a Loop, for the sources of net that open sockets. Includes Asio: keep it out of
// public headers.

#include <boost/asio/io_context.hpp>

namespace tocsin::net {

struct LoopCore {
  boost::asio::io_context io{1};  // one thread runs it; posting from others stays safe
};

}  // namespace tocsin::net
