#include "net/address_list.h"

#include <gtest/gtest.h>

namespace tocsin::net {
namespace {

struct Case {
  const char* name;
  std::vector<std::string> ranges;
  const char* address;
  bool allowed;
};
class AddressLists : public testing::TestWithParam<Case> {};
TEST_P(AddressLists, Judge) {
  const auto list = AddressList::parse(GetParam().ranges);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->allows(std::string_view(GetParam().address)), GetParam().allowed);
}
INSTANTIATE_TEST_SUITE_P(
    All, AddressLists,
    testing::Values(Case{"any", {}, "203.0.113.7", true}, Case{"any_v6", {}, "2001:db8::1", true},
                    Case{"metadata", {}, "169.254.169.254", false},
                    Case{"metadata_even_if_listed", {"169.254.0.0/16"}, "169.254.169.254", false},
                    Case{"its_neighbour", {"169.254.0.0/16"}, "169.254.169.253", true},
                    Case{"metadata_mapped", {}, "::ffff:169.254.169.254", false},
                    Case{"metadata_translated", {}, "64:ff9b::a9fe:a9fe", false},
                    Case{"metadata_v6", {}, "fd00:ec2::254", false},
                    Case{"metadata_alibaba", {}, "100.100.100.200", false},
                    Case{"metadata_google_v6", {}, "fd20:ce::254", false},
                    Case{"task_credentials", {}, "169.254.170.2", false},
                    Case{"pod_credentials", {}, "fd00:ec2::23", false},
                    Case{"first_of_range", {"10.16.0.0/12"}, "10.16.0.0", true},
                    Case{"last_of_range", {"10.16.0.0/12"}, "10.31.255.255", true},
                    Case{"before_range", {"10.16.0.0/12"}, "10.15.255.255", false},
                    Case{"after_range", {"10.16.0.0/12"}, "10.32.0.0", false},
                    Case{"mapped_is_the_same", {"10.0.0.0/8"}, "::ffff:10.1.2.3", true},
                    Case{"single", {"127.0.0.1"}, "127.0.0.1", true},
                    Case{"single_other", {"127.0.0.1"}, "127.0.0.2", false},
                    Case{"v6_range", {"fd00::/8"}, "fdff::1", true},
                    Case{"v6_outside", {"fd00::/8"}, "fe00::1", false},
                    Case{"v4_is_not_in_v6", {"fd00::/8"}, "10.0.0.1", false},
                    Case{"all_v4", {"0.0.0.0/0"}, "8.8.8.8", true},
                    Case{"all_v4_without_v6", {"0.0.0.0/0"}, "2001:db8::1", false},
                    Case{"with_scope", {"fe80::/10"}, "fe80::1%eth0", true},
                    Case{"second_range", {"10.0.0.0/8", "192.168.0.0/16"}, "192.168.3.4", true},
                    Case{"no_address", {}, "example.com", false}, Case{"empty", {}, "", false}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(AddressList, RefusesWhatIsNoRange) {
  for (const char* text : {"example.com", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0/8",
                           "fd00::/129", "", "/8"})
    EXPECT_FALSE(AddressList::parse({text})) << text;
}

}  // namespace
}  // namespace tocsin::net
