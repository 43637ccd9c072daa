#include "net/metadata_host.h"

#include <gtest/gtest.h>

namespace tocsin::net {
namespace {

TEST(MetadataHost, IsKnownInEverySpelling) {
  for (const char* host : {"169.254.169.254",
                           "2852039166",
                           "0xa9fea9fe",
                           "0XA9FEA9FE",
                           "0251.0376.0251.0376",
                           "0xa9.0xfe.0xa9.0xfe",
                           "169.254.43518",
                           "169.16689662",
                           "[::ffff:169.254.169.254]",
                           "[::ffff:a9fe:a9fe]",
                           "[64:ff9b::a9fe:a9fe]",
                           "[fd00:ec2::254]",
                           "[FD00:EC2::254]",
                           "[fd00:0ec2:0:0:0:0:0:254]",
                           "100.100.100.200",
                           "1684301000",
                           "metadata.google.internal",
                           "Metadata.Google.Internal.",
                           "metadata",
                           "169.254.170.2"})
    EXPECT_TRUE(names_metadata(host)) << host;
  for (const char* host : {"169.254.169.253", "example.com", "metadata.example.com", "2852039165",
                           "", "::1", "google.internal"})
    EXPECT_FALSE(names_metadata(host)) << host;
}

}  // namespace
}  // namespace tocsin::net
