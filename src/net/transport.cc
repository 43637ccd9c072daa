#include "net/transport.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <utility>

#include "net/transport_asio.h"

namespace tocsin::net {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::ip::tcp::socket;

namespace {

std::array<asio::const_buffer, 2> both(std::string_view first, std::string_view second) {
  return {asio::buffer(first.data(), first.size()), asio::buffer(second.data(), second.size())};
}

// An orderly end is not a failure: the peer may still be waiting for answers.
auto finish_read(Transport::Done done) {
  return [done = std::move(done)](const error_code& failed, size_t n) {
    const bool ended = failed == asio::error::eof || failed == asio::ssl::error::stream_truncated;
    done(!failed || ended, ended ? 0 : n);
  };
}

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(Socket socket) : socket_(std::move(socket)) {}
  void start(std::function<void(bool)> done) override { done(true); }
  void read(char* data, size_t size, Done done) override {
    socket_.async_read_some(asio::buffer(data, size), finish_read(std::move(done)));
  }
  void write(std::string_view first, std::string_view second, Done done) override {
    socket_.async_write_some(
        both(first, second),
        [done = std::move(done)](const error_code& failed, size_t n) { done(!failed, n); });
  }
  void end_writing() override {
    error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
  }
  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  Socket socket_;
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(Socket socket, asio::ssl::context& context) : stream_(std::move(socket), context) {}
  void start(std::function<void(bool)> done) override {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [done = std::move(done)](const error_code& failed) { done(!failed); });
  }
  void read(char* data, size_t size, Done done) override {
    stream_.async_read_some(asio::buffer(data, size), finish_read(std::move(done)));
  }
  // TLS packs one buffer per record and Asio's stream takes only the first of several.
  void write(std::string_view first, std::string_view second, Done done) override {
    const std::string_view piece = first.empty() ? second : first;
    stream_.async_write_some(
        asio::buffer(piece.data(), piece.size()),
        [done = std::move(done)](const error_code& failed, size_t n) { done(!failed, n); });
  }
  // Without a close_notify: it could cross a read in flight, and every answer has its length.
  void end_writing() override {
    error_code ignored;
    stream_.next_layer().shutdown(Socket::shutdown_send, ignored);
  }
  void close() override {
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

 private:
  asio::ssl::stream<Socket> stream_;
};

}  // namespace

struct TlsIdentity::Impl {
  asio::ssl::context context{asio::ssl::context::tls_server};
};

std::unique_ptr<Transport> plain_transport(Socket socket) {
  return std::make_unique<PlainTransport>(std::move(socket));
}

Result<std::shared_ptr<TlsIdentity>> TlsIdentity::load(const std::string& certificate,
                                                       const std::string& key) {
  auto out = std::make_shared<TlsIdentity>();
  out->impl_ = std::make_shared<Impl>();
  asio::ssl::context& context = out->impl_->context;
  error_code failed;
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                          asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                          asio::ssl::context::no_tlsv1_1,
                      failed);
  if (!failed) context.use_certificate_chain_file(certificate, failed);
  if (failed)
    return fail(ErrorCode::kInvalid, "reading the TLS certificate " + certificate +
                                         " failed: " + failed.message() + "; give a PEM file");
  context.use_private_key_file(key, asio::ssl::context::pem, failed);
  if (failed)
    return fail(ErrorCode::kInvalid, "reading the TLS key " + key + " failed: " + failed.message() +
                                         "; give the PEM file that belongs to " + certificate);
  return out;
}

std::unique_ptr<Transport> TlsIdentity::transport(Socket socket) const {
  return std::make_unique<TlsTransport>(std::move(socket), impl_->context);
}

}  // namespace tocsin::net
