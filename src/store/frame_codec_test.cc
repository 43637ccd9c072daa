#include "store/frame_codec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/random.h"

namespace tocsin {
namespace {

Batch fleet(size_t points) {
  Batch batch;
  Random random(3);
  for (uint32_t i = 0; i < points; ++i)
    batch.add(SeriesRef{100'000 + i}, TimeMs{1'795'411'000'000 + static_cast<int64_t>(i / 40)},
              random.uniform() * 1000);
  return batch;
}

TEST(FrameCodec, APointOfAFleetTakesAtMostTwelveBytes) {
  EncodedFrame out;
  encode_frame(fleet(5000), out);
  EXPECT_LE(out.bytes.size(), 5000u * 12);
}

// A restart took derived points for new ones and had them judged as series of their own.
TEST(FrameCodec, TheKindOfABatchComesBack) {
  for (const BatchKind kind : {BatchKind::kLive, BatchKind::kImport, BatchKind::kDerived}) {
    Batch batch = fleet(3);
    batch.kind = kind;
    EncodedFrame out;
    encode_frame(batch, out);
    stamp_frame(out, {Lsn{1}, TimeMs{1}, Lsn{0}});
    const auto head = check_frame(out.bytes);
    ASSERT_TRUE(head);
    const auto frame = decode_frame(*head, std::string_view(out.bytes).substr(kFrameHeaderBytes));
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->batch.kind, kind);
  }
}

// What was written before senders had names is read as ever.
TEST(FrameCodec, TheSendersNameIsKeptWhereThereIsOne) {
  for (const std::string name : {"", "telegraf 10.0.0.3"}) {
    Batch batch = fleet(3);
    batch.sender_name = name;
    batch.fresh.push_back({SeriesRef{4}, Labels::of("a", {})});
    EncodedFrame frame;
    encode_frame(batch, frame);
    const std::string_view body = std::string_view(frame.bytes).substr(kFrameHeaderBytes);
    const auto decoded = decode_frame(FrameHead{}, body);
    ASSERT_TRUE(decoded) << decoded.error().text();
    EXPECT_EQ(decoded->batch.sender_name, name);
    EXPECT_EQ(decoded->batch.series, batch.series);
    const auto fresh = decode_fresh_series(body);
    ASSERT_TRUE(fresh);
    EXPECT_EQ(fresh->size(), 1U);
  }
}

TEST(FrameCodec, EveryFlippedBitIsSeen) {
  EncodedFrame frame;
  encode_frame(fleet(3), frame);
  stamp_frame(frame, {Lsn{9}, TimeMs{1}, Lsn{4}});
  const auto head = check_frame(frame.bytes);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->stamp.lsn, Lsn{9});
  EXPECT_EQ(head->stamp.safe, Lsn{4});
  EXPECT_EQ(head->bytes(), frame.bytes.size());
  for (size_t bit = 0; bit < frame.bytes.size() * 8; ++bit) {
    std::string bytes = frame.bytes;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(check_frame(bytes)) << bit;
  }
  for (size_t length = 0; length < frame.bytes.size(); ++length)
    EXPECT_FALSE(check_frame(std::string_view(frame.bytes).substr(0, length)));
}

TEST(FrameCodec, FillerIsOfTheGivenLength) {
  for (const size_t bytes : {kFrameHeaderBytes + 1, size_t{100}, size_t{5000}}) {
    const std::string filler = filler_frame(bytes, {Lsn{3}, {}, {}});
    ASSERT_EQ(filler.size(), bytes);
    ASSERT_TRUE(check_frame(filler));
    EXPECT_TRUE(check_frame(filler)->filler);
  }
}

RC_GTEST_PROP(FrameCodec, GarbageBodiesAreErrorsNotCrashes, (const std::string& body)) {
  (void)decode_frame(FrameHead{}, body);
  (void)decode_fresh_series(body);
}

// Bodies that begin like real ones, then go wrong.
TEST(FrameCodec, MutatedBodiesAreErrorsNotCrashes) {
  EncodedFrame frame;
  Batch batch = fleet(20);
  batch.fresh.push_back({SeriesRef{4}, Labels::of("a", {{"b", "c"}})});
  encode_frame(batch, frame);
  Random random(5);
  for (int i = 0; i < 3000; ++i) {
    std::string body = frame.bytes.substr(kFrameHeaderBytes);
    for (int n = 0; n < 3; ++n) body[random.below(body.size())] = static_cast<char>(random.next());
    body.resize(random.below(body.size() + 1));
    if (const auto decoded = decode_frame(FrameHead{}, body)) {
      EXPECT_EQ(decoded->batch.series.size(), decoded->batch.value.size());
    }
  }
}

}  // namespace
}  // namespace tocsin
