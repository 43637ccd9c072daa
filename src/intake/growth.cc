#include "intake/growth.h"

namespace tocsin::intake {

void Growth::add(TimeMs at, uint32_t n) {
  hours_.add(at, n);
  const int64_t hour = hour_of(at);
  if (hour < hour_) return;  // late: counted, but no news of a run
  if (hour > hour_) {
    if (hour > hour_ + 1 || hours_.of(hour_) < kGrowing) running_ = false;
    hour_ = hour;
    hour_first_ = at;
  }
  if (!running_ && hours_.of(hour) >= kGrowing) {
    running_ = true;
    began_ = hour_first_;
  }
  if (running_) last_ = std::max(last_, at);
}

void Growth::save(ByteWriter& out) const {
  hours_.save(out);
  out.zigzag(hour_);
  out.zigzag(hour_first_.ms);
  out.zigzag(began_.ms);
  out.zigzag(last_.ms);
  out.u8(running_ ? 1 : 0);
}

void Growth::load(ByteReader& in) {
  hours_.load(in);
  hour_ = in.zigzag();
  hour_first_ = TimeMs{in.zigzag()};
  began_ = TimeMs{in.zigzag()};
  last_ = TimeMs{in.zigzag()};
  running_ = in.u8() != 0;
}

}  // namespace tocsin::intake
