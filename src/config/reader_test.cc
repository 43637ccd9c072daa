#include "config/reader.h"

#include <gtest/gtest.h>

#include "config/folder.h"

namespace tocsin::config {
namespace {

struct Read {
  std::string id;
  DurationMs every;
  int64_t count = 0;
  std::vector<std::string> hosts;
  size_t kind = 0;
};

void read_thing(MapReader& m, Read& out) {
  out.id = m.required<std::string>("id", "Unique name.");
  out.every = m.value<DurationMs>("every", seconds(10), "Interval.");
  out.count = m.value<int64_t>("count", 3, "How many.");
  out.hosts = m.value<std::vector<std::string>>("hosts", {}, "Where.");
  out.kind = m.choice("kind", {"plain", "fancy"}, "plain", "What kind.");
  m.list("parts", "thing", "Things within.", [](MapReader& part) {
    Read inner;
    read_thing(part, inner);
  });
}

std::string problems_of(const std::string& yaml, Read* out = nullptr) {
  Problems problems;
  const Folder folder = Folder::from_texts({{"a.yaml", yaml}}, problems);
  Read read;
  folder.for_each("things", "thing", problems, [&](MapReader& m) { read_thing(m, read); });
  if (out != nullptr) *out = read;
  return problems.text();
}

struct ProblemCase {
  const char* name;
  const char* yaml;
  const char* expected;
};
class ReaderProblems : public testing::TestWithParam<ProblemCase> {};

TEST_P(ReaderProblems, AreNamedWithPlaceAndHelp) {
  EXPECT_EQ(problems_of(GetParam().yaml), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    All, ReaderProblems,
    testing::Values(
        ProblemCase{"fine", "things:\n  - id: a\n    every: 5m\n", ""},
        ProblemCase{"unknown_key", "things:\n  - id: a\n    evry: 5m\n",
                    "a.yaml:3:5: unknown key \"evry\" in a thing; did you mean \"every\"?\n"},
        ProblemCase{"missing", "things:\n  - every: 5m\n",
                    "a.yaml:2:5: this thing has no \"id\"; it is required\n"},
        ProblemCase{
            "wrong_duration", "things:\n  - id: a\n    every: soon\n",
            "a.yaml:3:12: every: expected duration such as 10s, 5m or 1h30m, not \"soon\"\n"},
        ProblemCase{"wrong_choice", "things:\n  - id: a\n    kind: fanzy\n",
                    "a.yaml:3:11: kind: expected one of plain, fancy, not \"fanzy\"; did you mean "
                    "\"fancy\"?\n"},
        ProblemCase{"duplicate_key", "things:\n  - id: a\n    id: b\n",
                    "a.yaml:3:5: key \"id\" stands twice in this mapping; keep one\n"},
        ProblemCase{"alias", "things:\n  - &x {id: a}\n  - *x\n",
                    "a.yaml:3:5: aliases (*name) are not supported; write the value again\n"},
        ProblemCase{"not_a_list", "things: 7\n",
                    "a.yaml:1:9: section \"things\" must be a list (- id: ...)\n"},
        ProblemCase{"two_at_once", "things:\n  - {id: a, count: x}\n  - {}\n",
                    "a.yaml:2:20: count: expected whole number, not \"x\"\n"
                    "a.yaml:3:5: this thing has no \"id\"; it is required\n"},
        ProblemCase{"nested", "things:\n  - id: a\n    parts:\n      - {id: b, coun: 1}\n",
                    "a.yaml:4:17: unknown key \"coun\" in a thing; did you mean \"count\"?\n"}),
    [](const auto& tested) { return std::string(tested.param.name); });

// What a room finds out after reading: every second host is told off.
std::string told_of(const std::string& yaml) {
  Problems problems;
  const Folder folder = Folder::from_texts({{"a.yaml", yaml}}, problems);
  folder.for_each("things", "thing", problems, [](MapReader& m) {
    const auto hosts = m.value<std::vector<std::string>>("hosts", {"one", "two"}, "Where.");
    for (size_t i = 1; i < hosts.size(); i += 2) m.problem("hosts", i, hosts[i]);
    for (const auto& [name, text] :
         m.value<std::map<std::string, std::string>>("notes", {}, "Free."))
      m.problem("notes", name, text);
  });
  return problems.text();
}

TEST(Reader, ElementsHaveTheirOwnPlace) {
  EXPECT_EQ(told_of("things:\n  - hosts: [a, b, c, d]\n"),
            "a.yaml:2:16: hosts: b\n"
            "a.yaml:2:22: hosts: d\n");
  EXPECT_EQ(told_of("things:\n  - hosts:\n      - a\n      - b\n"), "a.yaml:4:9: hosts: b\n");
  // The index is that of what was read: an element that was refused is not counted.
  EXPECT_EQ(told_of("things:\n  - hosts: [a, {x: y}, b]\n"),
            "a.yaml:2:16: hosts: expected text, not \"{x: y}\"\n"
            "a.yaml:2:24: hosts: b\n");
  // The default stands nowhere; the mapping does.
  EXPECT_EQ(told_of("things:\n  - notes: {a: b}\n"),
            "a.yaml:2:5: hosts: two\n"
            "a.yaml:2:16: notes: b\n");
}

TEST(Reader, KnowsWhatWasRefused) {
  Problems problems;
  const Folder folder = Folder::from_texts(
      {{"a.yaml", "things: [{count: x, hosts: [a, []], kind: fanzy, parts: [1], every: 5m}]"}},
      problems);
  int seen = 0;
  folder.for_each("things", "thing", problems, [&](MapReader& m) {
    Read read;
    read_thing(m, read);
    for (const std::string_view key : {"id", "count", "hosts", "kind", "parts"})
      EXPECT_TRUE(m.refused(key)) << key;
    EXPECT_FALSE(m.refused("every"));
    ++seen;
  });
  EXPECT_EQ(seen, 1);
}

TEST(Reader, YesIsTextNotABool) {
  Read read;
  EXPECT_EQ(problems_of("things:\n  - id: yes\n    hosts: [on, off]\n", &read), "");
  EXPECT_EQ(read.id, "yes");
  EXPECT_EQ(read.hosts, (std::vector<std::string>{"on", "off"}));
}

TEST(Reader, OneScalarIsAListOfOne) {
  Read read;
  EXPECT_EQ(problems_of("things:\n  - {id: a, hosts: web1}\n", &read), "");
  EXPECT_EQ(read.hosts, std::vector<std::string>{"web1"});
}

TEST(Reader, BrokenYamlIsNamedWithLine) {
  const std::string text = problems_of("things:\n  - id: [a\n");
  EXPECT_NE(text.find("a.yaml:"), std::string::npos);
  EXPECT_NE(text.find("cannot be read as YAML"), std::string::npos);
}

TEST(Reader, DescribesItself) {
  Reference reference;
  Problems problems;
  ASSERT_TRUE(reference.begin_type("thing"));
  MapReader reader(reference, "thing", problems);
  Read read;
  read_thing(reader, read);
  const std::string text = reference.markdown();
  EXPECT_NE(text.find("| `every` | duration | `10s` | Interval. |"), std::string::npos) << text;
  EXPECT_NE(text.find("| `parts` | list of thing |"), std::string::npos) << text;
  EXPECT_TRUE(problems.empty());
}

}  // namespace
}  // namespace tocsin::config
