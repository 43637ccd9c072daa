#pragma once
// Makes transports out of accepted sockets. Includes Asio: keep it out of public headers.

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/transport.h"

namespace tocsin::net {

std::unique_ptr<Transport> plain_transport(boost::asio::ip::tcp::socket socket);

// Certificate and key of a TLS port, loaded once.
class TlsIdentity {
 public:
  static Result<std::shared_ptr<TlsIdentity>> load(const std::string& certificate,
                                                   const std::string& key);
  std::unique_ptr<Transport> transport(boost::asio::ip::tcp::socket socket) const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tocsin::net
