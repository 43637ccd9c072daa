#pragma once
// The one thread through which everything leaves: HTTP and SMTP requests share a curl multi handle
// and its pool of open connections, so that a webhook pays no TCP and TLS handshake each time.
//
// Nothing is polled by interval: poll() sleeps in curl_multi_poll until a socket is ready, curl's
// own timer falls due, or another thread wakes it with post().
//
// Bounded: transfers running at once (in all and per host) and transfers waiting; past the latter
// submit() refuses. A slow host holds at most `per_host_max` of the running ones.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/counters.h"
#include "base/result.h"
#include "base/time.h"
#include "net/address_list.h"

namespace tocsin::net {

// One request on its way; made by HttpClient and SmtpClient. Lives until finish() was called, which
// happens exactly once, on the owner thread.
class Transfer {
 public:
  virtual ~Transfer() = default;
  // Requests of one lane share the limit per host: "https://hooks.example.com:443".
  virtual const std::string& lane() const = 0;
  virtual const AddressList& allowed() const = 0;
  // Sets the options of a fresh CURL easy handle; false = curl refused one of them.
  virtual bool prepare(void* easy) = 0;
  // curl_code is a CURLcode; error is empty when it went through. easy is null if it never started.
  virtual void finish(void* easy, int curl_code, std::string_view error) = 0;

  // Set by Outbound when allowed() refused the address that the host's name stands for.
  bool forbidden = false;
};

class Outbound {
 public:
  struct Options {
    size_t running_max = 256;
    size_t per_host_max = 8;
    size_t waiting_max = 10'000;
    size_t idle_connections_max = 64;
  };
  Outbound(Options options, Counters& counters);
  // Finishes what is left with an error. Only when no thread is in poll() any more.
  ~Outbound();
  Outbound(const Outbound&) = delete;
  Outbound& operator=(const Outbound&) = delete;

  // Any thread. kExhausted when too many wait; then finish() is not called.
  Result<void> submit(std::unique_ptr<Transfer> transfer);
  // Any thread: runs on the owner thread in its next (or present) poll().
  void post(std::function<void()> work);
  // Any thread: ends a poll() that waits.
  void wake();

  // Called at the end of every poll(): does what is due and says for how long there is nothing more
  // to do; the next poll() waits no longer. Set by the owner thread, or before it runs.
  using Tick = std::function<DurationMs()>;
  void set_tick(Tick tick);

  // The owner thread: runs posted work, moves transfers, calls finish(); returns after at most
  // `timeout`, or as soon as something was done.
  void poll(DurationMs timeout);
  // Owner thread: every transfer ends with an error now.
  void cancel_all();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A thread that does nothing but poll. Stopping ends unfinished transfers with an error.
class OutboundThread {
 public:
  explicit OutboundThread(Outbound& outbound) : outbound_(outbound) {}
  ~OutboundThread() { stop(); }
  void start();
  void stop();

 private:
  Outbound& outbound_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace tocsin::net
