#include "net/url.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tocsin::net {
namespace {

TEST(Url, Decodes) {
  EXPECT_EQ(percent_decode("a%20b%2Fc%2f"), "a b/c/");
  EXPECT_EQ(percent_decode("100%"), "100%");
  EXPECT_EQ(percent_decode("%4"), "%4");
  EXPECT_EQ(percent_decode("%zz%41"), "%zzA");
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_EQ(percent_decode("%00").size(), 1u);
}

TEST(Url, ParsesQueries) {
  const Params params = parse_query("a=1&&b=x%26y&c&=z&a=2&d=e=f");
  EXPECT_EQ(params.pairs().size(), 6u);
  EXPECT_EQ(params.get("a"), "1");
  EXPECT_EQ(params.get("b"), "x&y");
  EXPECT_TRUE(params.has("c"));
  EXPECT_EQ(params.get("d"), "e=f");
  EXPECT_EQ(params.get("none", "standard"), "standard");
}

TEST(Url, SplitsTargets) {
  struct Case {
    const char *target, *path, *query;
  };
  const Case cases[] = {
      {"/a/b?c=d", "/a/b", "c=d"},
      {"/a", "/a", ""},
      {"/a?b?c", "/a", "b?c"},
      {"/a?b#c", "/a", "b"},
      {"http://host:1/a?b", "/a", "b"},
      {"http://host", "/", ""},
      {"http://host?b", "/", "b"},
      {"/go?to=http://host/", "/go", "to=http://host/"},
      {"*", "*", ""},
      {"", "/", ""},
  };
  for (const Case& c : cases) {
    const Target target = split_target(c.target);
    EXPECT_EQ(target.path, c.path) << c.target;
    EXPECT_EQ(target.query, c.query) << c.target;
  }
}

RC_GTEST_PROP(Url, EncodeThenDecodeIsTheSame, (const std::string& text)) {
  RC_ASSERT(percent_decode(percent_encode(text)) == text);
  RC_ASSERT(percent_decode(percent_encode(text), true) == text);
}

RC_GTEST_PROP(Url, QueriesRoundTrip, (const std::map<std::string, std::string>& values)) {
  std::string query;
  for (const auto& [name, value] : values)
    query += (query.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  const Params params = parse_query(query);
  RC_ASSERT(params.pairs().size() == values.size());
  for (const auto& [name, value] : values) RC_ASSERT(params.get(name) == value);
}

}  // namespace
}  // namespace tocsin::net
