#include "query/regex_shape.h"

#include <gtest/gtest.h>

namespace tocsin::query {
namespace {

using Texts = std::vector<std::string>;

TEST(RegexShape, LiteralsAreSeen) {
  struct Row {
    const char* name;
    const char* expression;
    std::optional<Texts> literals;
  };
  const Row rows[] = {
      {"one value", "madrid", Texts{"madrid"}},
      {"two values", "madrid|rome", Texts{"madrid", "rome"}},
      {"in brackets", "(madrid|rome)", Texts{"madrid", "rome"}},
      {"in a group without number", "(?:a|b)", Texts{"a", "b"}},
      {"an empty alternative", "a|", Texts{"a", ""}},
      {"nothing at all", "", Texts{""}},
      {"an escaped dot", "10\\.0\\.0\\.1|b", Texts{"10.0.0.1", "b"}},
      {"an escaped bar", "a\\|b", Texts{"a|b"}},
      {"a dot", "a.b", std::nullopt},
      {"a class", "\\d", std::nullopt},
      {"two groups", "(a)|(b)", std::nullopt},
      {"a flag", "(?i)a", std::nullopt},
      {"a trailing backslash", "a\\", std::nullopt},
      {"an optional letter", "ab?", std::nullopt},
  };
  for (const Row& row : rows)
    EXPECT_EQ(shape_of(row.expression).literals, row.literals) << row.name;
}

TEST(RegexShape, PrefixesAreNeverTooLong) {
  struct Row {
    const char* name;
    const char* expression;
    const char* prefix;
  };
  const Row rows[] = {
      {"a prefix", "web-.*", "web-"},       {"once or more", "web+", "web"},
      {"any number", "web*", "we"},         {"perhaps", "web?", "we"},
      {"counted", "web{2}", "we"},          {"of several bytes", "xé*", "x"},
      {"alternatives", "web-.*|db-.*", ""}, {"alternatives inside", "web-(a|b.)", ""},
      {"an escaped dot", "a\\.b.*", "a.b"}, {"any", ".*", ""},
      {"one byte, perhaps", "a?", ""},
  };
  for (const Row& row : rows) {
    EXPECT_FALSE(shape_of(row.expression).literals) << row.name;
    EXPECT_EQ(shape_of(row.expression).prefix, row.prefix) << row.name;
  }
}

}  // namespace
}  // namespace tocsin::query
