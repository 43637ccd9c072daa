#pragma once
// Takes mail by SMTP or LMTP on one port and one loop (smtp_session.h says what of it).
//
// Bounded: connections (421 and close), each one's time and silence, each one's mail. Who is not
// among the peers gets 554 and is cut off. All are counted in tocsin_smtp_refused_total{reason}.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/counters.h"
#include "base/result.h"
#include "base/time.h"
#include "net/loop.h"
#include "net/smtp_session.h"

namespace tocsin::net {

class SmtpListener {
 public:
  struct Options {
    std::string address = "127.0.0.1";  // numeric
    uint16_t port = 0;                  // 0: the kernel picks one
    size_t connections_max = 20;
    DurationMs silence = minutes(2);   // RFC 5321 asks for 5 of a server; mail servers come again
    DurationMs longest = minutes(20);  // of a connection
    SmtpSession::Options session;
  };
  struct Handlers {
    std::function<bool(std::string_view peer)> may_connect = {};  // a numeric address
    SmtpSession::Knows knows = {};
    // `reply` from any thread, once; later ones are ignored. If it is dropped the client gets 451.
    std::function<void(SmtpReceived mail, std::string peer, std::function<void(SmtpReply)> reply)>
        take = {};
  };
  // Binds and listens; accepts as soon as the loop runs. Loop and counters outlive it.
  static Result<std::unique_ptr<SmtpListener>> listen(Loop& loop, Options options,
                                                      Handlers handlers, Counters& counters);
  // In the loop's thread or after run() returned. Closes the port and every connection.
  ~SmtpListener();
  uint16_t port() const;

 private:
  struct State;
  explicit SmtpListener(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::net
