#include "tocsin/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace tocsin {

void Progress::begin(std::string stage, uint64_t total) {
  const std::lock_guard lock(mutex_);
  state_ = State{std::move(stage), 0, total};
  percent_ = -1;
  show(false);
}

void Progress::advance(uint64_t done) {
  const std::lock_guard lock(mutex_);
  if (!state_) return;
  state_->done = done;
  show(false);
}

void Progress::end() {
  const std::lock_guard lock(mutex_);
  if (!state_) return;
  state_->done = state_->total;
  percent_ = -1;
  show(true);
  state_.reset();
}

std::optional<Progress::State> Progress::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void Progress::show(bool last) {
  if (state_->total == 0) return;  // nothing to measure by
  const uint64_t total = state_->total;
  const int percent = static_cast<int>(state_->done * 100 / total);
  if (!print_ || (percent == percent_ && !last)) return;
  percent_ = percent;
  constexpr int kWidth = 30;
  const int filled = percent * kWidth / 100;
  print_(
      fmt::format("{} [{}{}] {:3} %", state_->stage, std::string(static_cast<size_t>(filled), '#'),
                  std::string(static_cast<size_t>(kWidth - filled), '.'), percent),
      last);
}

Progress::Print terminal_print() {
  if (isatty(STDERR_FILENO) != 0)
    return [](const std::string& line, bool last) {
      std::fprintf(stderr, "\r%s%s", line.c_str(), last ? "\n" : "");
    };
  return [shown = -1](const std::string& line, bool last) mutable {
    const size_t at = line.rfind(']');
    const int percent = at == std::string::npos ? 0 : std::atoi(line.c_str() + at + 1);
    if (!last && percent / 10 == shown / 10 && shown >= 0) return;
    shown = percent;
    std::fprintf(stderr, "%s\n", line.c_str());
  };
}

}  // namespace tocsin
