#include "supervisor/customer.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace tocsin::supervisor {
namespace {

constexpr std::string_view kFile = R"(routes:
  - receivers: [ops, acme-chat, umbrella-mail]
    group_by: [site]
customers:
  - name: acme
    view: customer="acme"
    receivers: [acme-mail, acme-chat]
    severity: [critical, high]
    repeat: {first: 30m}
  - name: umbrella
    view: customer=~"umbrella.*", site="madrid"
    receivers: umbrella-mail
)";

struct Read {
  Customers customers;
  Routes routes;
  config::Problems problems;
};

Read read(std::string_view yaml) {
  Read out;
  const auto folder = config::Folder::from_texts({{"c.yaml", std::string(yaml)}}, out.problems);
  out.customers = Customers::read(folder, out.problems);
  out.routes = Routes::read(folder, out.problems);
  out.routes.set_customers(std::make_shared<Customers>(out.customers));
  return out;
}

TEST(Customers, EachHearsOfTheirOwn) {
  const Read found = read(kFile);
  ASSERT_TRUE(found.problems.empty()) << found.problems.text();
  struct Case {
    const char* name;
    std::vector<Labels::Pair> labels;
    Severity severity;
    std::vector<std::string> told;
  };
  const Case cases[] = {
      {"acme", {{"customer", "acme"}}, Severity::kHigh, {"acme-chat", "acme-mail", "ops"}},
      {"low: by the route alone", {{"customer", "acme"}}, Severity::kLow, {"acme-chat", "ops"}},
      {"nobody's", {{"site", "madrid"}}, Severity::kHigh, {"ops"}},
      {"another customer", {{"customer", "acme2"}}, Severity::kHigh, {"ops"}},
      {"one condition of two", {{"customer", "umbrella"}}, Severity::kHigh, {"ops"}},
      {"both",
       {{"customer", "umbrella-2"}, {"site", "madrid"}},
       Severity::kHigh,
       {"ops", "umbrella-mail"}},
  };
  for (const Case& c : cases)
    EXPECT_EQ(found.routes.receivers(Labels(c.labels), c.severity), c.told) << c.name;
}

TEST(Customers, AreTellingsOfTheirOwn) {
  const Read found = read(kFile);
  const auto tellings = found.routes.tellings(
      Labels(std::vector<Labels::Pair>{{"customer", "acme"}}), Severity::kHigh);
  ASSERT_EQ(tellings.size(), 3u);
  EXPECT_EQ(tellings[0].receivers, std::vector<std::string>{"ops"});
  EXPECT_EQ(tellings[1].receivers, std::vector<std::string>{"acme-chat"});
  EXPECT_NE(tellings[1].grouping, nullptr) << "grouped as the route says, in a group of their own";
  EXPECT_EQ(tellings[2].receivers, std::vector<std::string>{"acme-mail"});
  EXPECT_EQ(tellings[2].grouping, nullptr);
  ASSERT_NE(tellings[2].repeat, nullptr);
  EXPECT_EQ(tellings[2].repeat->first, minutes(30));
  EXPECT_EQ(tellings[2].route, "c.yaml:5");
}

TEST(Customers, ProblemsNameTheLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"{name: a, view: '', receivers: x}", "has no condition"},
      {"{name: a, view: 'customer!=\"b\"', receivers: x}", "also holds for what has no such label"},
      {"{name: a, receivers: x}", "view"},
      {"{name: a, view: customer=a}", "receivers"},
      {"{name: a, view: customer=a, receivers: inbox}", "the inbox is for everybody"},
      {"{name: a, view: customer=a, receivers: x, policy: y}", "policy"},
  };
  for (const auto& [text, words] : cases) {
    const Read found = read(std::string("customers:\n  - ") + text + "\n");
    EXPECT_NE(found.problems.text().find(words), std::string::npos)
        << text << ": " << found.problems.text();
    EXPECT_NE(found.problems.text().find("c.yaml:2"), std::string::npos) << text;
  }
  const Read twice = read(
      "customers:\n"
      "  - {name: a, view: customer=a, receivers: x}\n"
      "  - {name: b, view: customer=b, receivers: x}\n"
      "  - {name: a, view: customer=c, receivers: y}\n");
  EXPECT_NE(twice.problems.text().find("belongs to a already"), std::string::npos);
  EXPECT_NE(twice.problems.text().find("two customers \"a\""), std::string::npos);
  Read unknown = read("customers:\n  - {name: a, view: customer=a, receivers: acme-mial}\n");
  const std::vector<std::string_view> known{"acme-mail", "ops"};
  unknown.customers.check_receivers(known, unknown.problems);
  EXPECT_NE(unknown.problems.text().find("did you mean \"acme-mail\"?"), std::string::npos);
}

// Whatever routes and labels: a receiver that is owned is told of what its owner's view shows.
TEST(Customers, NobodyHearsOfAnothersByChance) {
  Random random(7);
  const auto pick = [&](uint64_t most) { return static_cast<int>(random.below(most)); };
  for (int round = 0; round < 300; ++round) {
    std::string yaml = "routes:\n";
    for (int route = 0; route <= pick(4); ++route) {
      yaml += "  - receivers: [all";
      for (int i = 0; i < pick(5); ++i) yaml += ", r" + std::to_string(pick(6));
      yaml += "]\n    continue: true\n";
      if (pick(2) == 0) yaml += "    match: [site=s" + std::to_string(pick(2)) + "]\n";
      if (pick(2) == 0) yaml += "    group_by: [site]\n";
    }
    yaml += "customers:\n";
    for (int one = 0; one < 3; ++one)
      yaml += "  - {name: c" + std::to_string(one) + ", view: 'customer" +
              (pick(2) == 0 ? "=" : "=~") + "\"c" + std::to_string(one) + "\"', receivers: [r" +
              std::to_string(one * 2) + ", r" + std::to_string(one * 2 + 1) + "]}\n";
    const Read found = read(yaml);
    ASSERT_TRUE(found.problems.empty()) << yaml << found.problems.text();
    for (int customer = -1; customer < 3; ++customer) {
      std::vector<Labels::Pair> labels{{"site", "s" + std::to_string(pick(3))}};
      if (customer >= 0) labels.emplace_back("customer", "c" + std::to_string(customer));
      std::set<std::string> heard;
      for (const Telling& telling : found.routes.tellings(Labels(labels), Severity::kHigh)) {
        std::set<int> owners;
        for (const std::string& name : telling.receivers) {
          EXPECT_TRUE(heard.insert(name).second) << name << " twice";
          owners.insert(name[0] == 'r' ? (name[1] - '0') / 2 : -1);
        }
        EXPECT_EQ(owners.size(), 1u) << "receivers of two owners in one telling";
        for (const int owner : owners) EXPECT_TRUE(owner == -1 || owner == customer) << yaml;
      }
      for (int mine = customer * 2; customer >= 0 && mine < customer * 2 + 2; ++mine)
        EXPECT_TRUE(heard.contains("r" + std::to_string(mine))) << yaml;
    }
  }
}

}  // namespace
}  // namespace tocsin::supervisor
