#include "net/gzip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "net/http.h"

namespace tocsin::net {
namespace {

TEST(Gzip, MembersInARowAreOneText) {
  EXPECT_EQ(gunzip(gzip("ab") + gzip("cd"), 100).value(), "abcd");
  EXPECT_EQ(gunzip(gzip(""), 100).value(), "");
}

TEST(Gzip, EveryTruncationIsAnError) {
  const std::string packed = gzip("some text that is a little longer, some text");
  for (size_t n = 0; n < packed.size(); ++n) {
    const auto out = gunzip(std::string_view(packed).substr(0, n), 1000);
    ASSERT_FALSE(out.has_value()) << n;
    EXPECT_EQ(out.error().code, ErrorCode::kInvalid);
  }
}

TEST(Gzip, DamageIsAnError) {
  std::string packed = gzip(std::string(1000, 'a') + "b");
  packed[packed.size() - 6] ^= 1;  // the checksum
  EXPECT_FALSE(gunzip(packed, 10'000).has_value());
}

TEST(Gzip, DeflateInBothShapes) {
  // "hello" as zlib and as raw deflate, from zlib's own documentation of the two formats.
  const std::string raw("\xcb\x48\xcd\xc9\xc9\x07\x00", 7);
  const std::string zlib = std::string("\x78\x9c", 2) + raw + std::string("\x06\x2c\x02\x15", 4);
  for (const std::string& packed : {raw, zlib}) {
    Inflater inflater(packed, Packing::kDeflate, 100);
    const auto done = inflater.step(1000);
    ASSERT_TRUE(done.has_value()) << done.error().message;
    EXPECT_TRUE(*done);
    EXPECT_EQ(inflater.take(), "hello");
  }
}

TEST(Gzip, StepsAreSmall) {
  const std::string packed = gzip(std::string(1'000'000, 'x'));
  Inflater inflater(packed, Packing::kGzip, 2'000'000);
  int steps = 0;
  for (Result<bool> done = false; !*done; ++steps) {
    done = inflater.step(10'000);
    ASSERT_TRUE(done.has_value());
    ASSERT_LE(inflater.size(), static_cast<size_t>(steps + 1) * 10'000);
  }
  EXPECT_GE(steps, 100);
}

// What GzipPieces makes of `packed`, cut into pieces; "!" and the message at the end if it fails.
std::string in_pieces(std::string_view packed, size_t piece_bytes) {
  std::string out;
  GzipPieces pieces([&](std::string_view piece) { out += piece; });
  Result<void> done;
  for (; done && !packed.empty(); packed.remove_prefix(std::min(piece_bytes, packed.size())))
    done = pieces.push(packed.substr(0, piece_bytes));
  if (done) done = pieces.finish();
  return done ? out : out + "!" + done.error().message;
}

TEST(Gzip, PiecesOfAFile) {
  const std::string text(300'000, 'a');
  const std::string two = gzip(text) + gzip("b");
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{1000}, two.size()})
    EXPECT_EQ(in_pieces(two, piece), text + "b") << piece;
  EXPECT_EQ(in_pieces("", 1), "");
  EXPECT_EQ(in_pieces(std::string_view(two).substr(0, two.size() - 1), 10),
            text + "b!its gzip is cut short");
  EXPECT_THAT(in_pieces("timestamp,value\n1,2\n", 5), testing::StartsWith("!it is no gzip: "));
  std::string damaged = two;
  damaged.back() ^= 1;
  EXPECT_THAT(in_pieces(damaged, 3), testing::HasSubstr("!it is no gzip: "));
}

RC_GTEST_PROP(Gzip, PiecesRoundTrip, (const std::string& a, const std::string& b)) {
  RC_ASSERT(in_pieces(gzip(a) + gzip(b), *rc::gen::inRange<size_t>(1, 30)) == a + b);
}

RC_GTEST_PROP(Gzip, RoundTrips, (const std::string& text)) {
  const auto out = gunzip(gzip(text), text.size());
  RC_ASSERT(out.has_value());
  RC_ASSERT(*out == text);
  RC_ASSERT(out->capacity() >= out->size() + kBodyPadding);
}

}  // namespace
}  // namespace tocsin::net
