#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>

#include "net/testing.h"

namespace tocsin::net {
namespace {

// A key and a certificate that it signed itself, as PEM files in a folder of their own.
struct Identity {
  Identity() {
    char name[] = "/tmp/tocsin-tls-XXXXXX";
    folder = ::mkdtemp(name);
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    std::FILE* file = std::fopen((folder + "/cert.pem").c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen((folder + "/key.pem").c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~Identity() { std::filesystem::remove_all(folder); }
  HttpOptions options() const {
    HttpOptions out;
    out.tls_certificate = folder + "/cert.pem";
    out.tls_key = folder + "/key.pem";
    return out;
  }
  std::string folder;
};

void routes(Router& router) {
  router.add("POST", "/echo", [](Request&& request, Respond respond) {
    respond(Response::text(200, request.body, "application/octet-stream"));
  });
}

TEST(Transport, ServesOverTls) {
  const Identity identity;
  testing::RunningServer running(routes, identity.options());
  testing::Client socket(running.port());
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* tls = SSL_new(context);
  SSL_set_fd(tls, socket.descriptor());
  ASSERT_EQ(SSL_connect(tls), 1);
  const std::string body(300'000, 'x');
  for (int i = 0; i < 2; ++i) {  // twice: the connection is kept
    const std::string request =
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + body;
    ASSERT_EQ(SSL_write(tls, request.data(), static_cast<int>(request.size())),
              static_cast<int>(request.size()));
    std::string answer;
    char piece[16384];
    int n = 0;
    while (answer.size() < body.size() + 100 && (n = SSL_read(tls, piece, sizeof piece)) > 0)
      answer.append(piece, static_cast<size_t>(n));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(answer.ends_with(body));
  }
  SSL_free(tls);
  SSL_CTX_free(context);
}

TEST(Transport, PlainTextOnATlsPortIsClosed) {
  const Identity identity;
  testing::RunningServer running(routes, identity.options());
  testing::Client client(running.port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.answer().status, 0);
}

TEST(Transport, WrongFilesAreNamed) {
  const Identity identity, other;
  Loop loop;
  Router router;
  Counters counters;
  HttpOptions options = identity.options();
  options.tls_key = "/nonexistent/key.pem";
  const auto no_key = HttpServer::listen(loop, router, options, counters);
  ASSERT_FALSE(no_key.has_value());
  EXPECT_EQ(no_key.error().code, ErrorCode::kInvalid);
  EXPECT_NE(no_key.error().message.find("/nonexistent/key.pem"), std::string::npos);
  options.tls_key = other.options().tls_key;
  EXPECT_FALSE(HttpServer::listen(loop, router, options, counters).has_value());
  options.tls_certificate = identity.options().tls_key;
  EXPECT_FALSE(HttpServer::listen(loop, router, options, counters).has_value());
}

}  // namespace
}  // namespace tocsin::net
