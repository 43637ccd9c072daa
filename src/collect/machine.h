#pragma once
// Reads the machine that Tocsin runs on. One thread; no state but what it was made with.
// Bounded: MachineLimits, 1 MB of each file.

#include <string>

#include "base/counters.h"
#include "collect/procfs.h"

namespace tocsin::collect {

class Machine {
 public:
  struct Options {
    std::string root = "/proc";
    std::string host;  // value of the label host; empty = this machine's name
    MachineLimits limits;
  };
  Machine(Options options, Counters& counters);

  // Everything as it is now, always in the same order. A file that cannot be read is left out and
  // counted (tocsin_machine_unreadable_total). Takes about a millisecond; call it each second.
  Samples read() const;
  const std::string& host() const { return options_.host; }

 private:
  Options options_;
  double ticks_per_s_;
  double page_bytes_;
  Counter& unreadable_;
};

}  // namespace tocsin::collect
