#pragma once
// How far something long is: for the terminal's bar and for /api/status. Any thread.

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

namespace tocsin {

class Progress {
 public:
  struct State {
    std::string stage;
    uint64_t done = 0, total = 0;
  };
  // `print` gets a line to show, `last` with its end; called at most once per percent.
  using Print = std::function<void(const std::string& line, bool last)>;
  explicit Progress(Print print = {}) : print_(std::move(print)) {}

  // total 0: it is not known how long it takes; nothing is printed.
  void begin(std::string stage, uint64_t total);
  void advance(uint64_t done);
  void end();
  std::optional<State> state() const;  // nullopt: nothing long runs

 private:
  void show(bool last);
  Print print_;
  mutable std::mutex mutex_;
  std::optional<State> state_;
  int percent_ = -1;
};

// On standard error: redraws one line on a terminal, prints a line each 10 % elsewhere.
Progress::Print terminal_print();

}  // namespace tocsin
