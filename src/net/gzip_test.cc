#include "net/gzip.h"

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

RC_GTEST_PROP(Gzip, RoundTrips, (const std::string& text)) {
  const auto out = gunzip(gzip(text), text.size());
  RC_ASSERT(out.has_value());
  RC_ASSERT(*out == text);
  RC_ASSERT(out->capacity() >= out->size() + kBodyPadding);
}

}  // namespace
}  // namespace tocsin::net
