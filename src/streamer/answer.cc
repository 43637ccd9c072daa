// "Accept the new normal?" answered: it comes through the one order, so that every run knows it.
#include <iterator>

#include "streamer/core.h"

namespace tocsin::streamer {
namespace {

using What = ViolationChange::What;

}  // namespace

void Streamer::Core::answer(const GivenAnswer& given, Position at, TimeMs arrival,
                            StreamerOutputs& out) {
  Context context{at, arrival, true, out};
  const std::set<uint32_t> open = open_tests_;
  for (const uint32_t index : open)
    if (answer_test(tests_[index], given, context)) return;
  for (uint32_t i = 0; i < senders_.size(); ++i)
    if (senders_[i].silent && senders_[i].violation == given.violation)
      answer_sender(i, given, context);
}

bool Streamer::Core::answer_test(SeriesTest& test, const GivenAnswer& given, Context& context) {
  SeriesMore* more = find_more(test);
  if (more == nullptr) return false;
  const bool of_band = more->band != nullptr && more->band->id == given.violation;
  const bool of_silence = more->silence != nullptr && more->silence->id == given.violation;
  if (!of_band && !of_silence) return false;
  OpenViolation& open = of_band ? *more->band : *more->silence;
  open.answer = given.answer;
  if (given.answer != Answer::kAccepted) {
    emit(test, What::kUpdated, open, context);
    return true;
  }
  if (of_band) {
    Emitter emitter(*this, test, context);
    Judge::Place place{test, more, *this, peaks_of(test)};
    judges_[test.worker].accept(place, std::max(test.last_time, open.opened), emitter);
    release_more(test);
    return true;
  }
  open.state = ViolationState::kEnded;
  open.updated = open.ended = context.arrival;
  emit(test, What::kEnded, open, context);
  more->silence.reset();
  test.set(SeriesTest::kGone);
  release_more(test);
  return true;
}

// Every shard does so; whose sender it is tells.
void Streamer::Core::answer_sender(uint32_t index, const GivenAnswer& given, Context& context) {
  Sender& sender = senders_[index];
  sender.answer = given.answer;
  if (given.answer == Answer::kAccepted) {
    come_back(index, context.at.lsn, context.arrival);
    senders_.forget(index);
  } else if (owns(sender) && sender.spoken_as != kNoSeries) {
    sender_ends_.push_back(
        {context.at, context.arrival,
         ViolationChange{What::kUpdated, violation_of(sender, ViolationState::kOpen), {}}});
  }
  std::move(sender_ends_.begin(), sender_ends_.end(), std::back_inserter(context.out.items));
  sender_ends_.clear();
}

}  // namespace tocsin::streamer
