#include "store/journal.h"

#include <fmt/format.h>

#include "base/check.h"
#include "store/journal_recovery.h"
#include "store/journal_writer.h"

namespace tocsin {

std::string JournalDamage::text() const {
  const std::string lost = to < from
                               ? "no answered batch is missing"
                               : fmt::format("batches {} to {} are missing", from.value, to.value);
  return fmt::format("{}: {} bytes at {} do not check out; {}", file, bytes, offset, lost);
}

Journal::Journal(std::unique_ptr<JournalWriter> writer) : writer_(std::move(writer)) {}
Journal::~Journal() = default;

Result<std::unique_ptr<Journal>> Journal::open(std::string directory, JournalOptions options,
                                               Disk& disk, const Clock& clock, Counters& counters) {
  if (options.segment_bytes < 4096)
    return fail(ErrorCode::kInvalid,
                fmt::format("journal segments of {} bytes are too small; use at least 4096",
                            options.segment_bytes));
  if (auto made = disk.make_directory(directory); !made) return fail(made.error());
  return std::unique_ptr<Journal>(new Journal(
      std::make_unique<JournalWriter>(std::move(directory), options, disk, clock, counters)));
}

Result<JournalRecovery> Journal::recover(SeriesTable& series, const HomeOf& home_of, Lsn after,
                                         const std::function<void(const FramePtr&)>& on_frame) {
  JournalReader reader(*writer_, series, home_of, after);
  if (auto read = reader.index(); !read) return fail(read.error());
  if (auto replayed = reader.replay(on_frame); !replayed) return fail(replayed.error());
  // A full disk keeps nobody from reading: appends are refused until there is space.
  if (auto adopted = writer_->adopt(reader.take_found());
      !adopted && adopted.error().code != ErrorCode::kExhausted)
    return fail(adopted.error());
  return reader.report();
}

void Journal::set_observers(OnSequenced on_sequenced, OnDurable on_durable) {
  writer_->on_sequenced_ = std::move(on_sequenced);
  writer_->on_durable_ = std::move(on_durable);
}

void Journal::set_dispose(Dispose dispose) { writer_->dispose_ = std::move(dispose); }

Result<FramePtr> Journal::append(Batch&& batch) {
  TOCSIN_CHECK(batch.series.size() == batch.time.size() && batch.time.size() == batch.value.size(),
               "columns of {}, {} and {}", batch.series.size(), batch.time.size(),
               batch.value.size());
  EncodedFrame encoded = writer_->take_buffer();
  encode_frame(batch, encoded);
  auto frame = std::make_shared<Frame>();
  frame->batch = std::move(batch);
  return writer_->append(std::move(frame), std::move(encoded));
}

void Journal::sequence_tick() { writer_->sequence_tick(); }

Result<FramePtr> Journal::append_marker(FrameKind kind, std::string payload) {
  EncodedFrame encoded = writer_->take_buffer();
  encode_marker(kind, payload, encoded);
  auto frame = std::make_shared<Frame>();
  frame->kind = kind;
  frame->payload = std::move(payload);
  return writer_->append(std::move(frame), std::move(encoded));
}

Lsn Journal::durable() const { return writer_->durable(); }
Lsn Journal::last() const { return writer_->last(); }
TimeMs Journal::last_arrival() const { return writer_->last_arrival(); }
void Journal::start() { writer_->start(); }
uint64_t Journal::bytes_max() const { return writer_->bytes_max(); }
void Journal::grow_to(uint64_t bytes) { writer_->grow_to(bytes); }
Result<Lsn> Journal::commit_now() { return writer_->commit_now(); }
void Journal::tick(TimeMs now) { writer_->tick(now); }
void Journal::release_until(Lsn upto) { writer_->release_until(upto); }
Lsn Journal::release_wanted(double fill) const { return writer_->release_wanted(fill); }
double Journal::fill() const { return writer_->fill(); }
uint64_t Journal::bytes_written() const { return writer_->bytes_written(); }
uint64_t Journal::bytes_on_disk() const { return writer_->bytes_on_disk(); }

}  // namespace tocsin
