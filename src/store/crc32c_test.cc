#include "store/crc32c.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace tocsin {
namespace {

// RFC 3720, B.4.
TEST(Crc32c, KnownValues) {
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c_portable("123456789"), 0xe3069283u);
}

RC_GTEST_PROP(Crc32c, InstructionAndTableAgreeAndContinue,
              (const std::string& a, const std::string& b)) {
  RC_ASSERT(crc32c(a) == crc32c_portable(a));
  RC_ASSERT(crc32c(b, crc32c(a)) == crc32c_portable(a + b));
}

}  // namespace
}  // namespace tocsin
