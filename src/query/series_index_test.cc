#include "query/series_index.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/random.h"

namespace tocsin::query {
namespace {

using Texts = std::vector<std::string>;
using Op = LabelMatcher::Op;

SeriesRef add(SeriesTable& table, const char* name, std::vector<Labels::Pair> pairs) {
  return table.find_or_add(Labels::of(name, std::move(pairs)), 0).value().ref;
}

Texts names_of(const SeriesTable& table, const std::vector<SeriesRef>& series) {
  Texts out;
  for (const SeriesRef ref : series) out.push_back(table.labels(ref).text());
  return out;
}

TEST(SeriesIndex, SelectorsFindTheirSeries) {
  SeriesTable table;
  add(table, "logins", {{"site", "madrid"}, {"env", "prod"}});
  add(table, "logins", {{"site", "rome"}});
  add(table, "bets_total", {{"site", "rome"}, {"env", "test"}});
  add(table, "bets_value", {{"site", "malta"}});
  struct Row {
    const char* name;
    const char* selector;
    Texts found;
  };
  const std::string madrid = "logins{env=\"prod\",site=\"madrid\"}";
  const std::string rome = "logins{site=\"rome\"}";
  const std::string total = "bets_total{env=\"test\",site=\"rome\"}";
  const std::string value = "bets_value{site=\"malta\"}";
  const Row rows[] = {
      {"by name", "logins", {madrid, rome}},
      {"by name and label", "logins{site=\"rome\"}", {rome}},
      {"by label alone", "{site=\"rome\"}", {rome, total}},
      {"an unknown value", "logins{site=\"lagos\"}", {}},
      {"an unknown label", "logins{team=\"a\"}", {}},
      {"a label that is not there", "logins{env=\"\"}", {rome}},
      {"a label that is there", "logins{env!=\"\"}", {madrid}},
      {"another value or none", "{site=~\".+\",env!=\"prod\"}", {rome, total, value}},
      {"literal alternatives", "{site=~\"madrid|malta|lagos\"}", {madrid, value}},
      {"the same literal twice", "{site=~\"malta|malta\"}", {value}},
      {"a prefix", "{site=~\"ma.*\"}", {madrid, value}},
      {"anchored at both ends", "{site=~\"ma\"}", {}},
      {"not a regex", "{site!~\"ma.*\",env=~\".*\"}", {rome, total}},
      {"an unknown label may be empty", "logins{team=~\"a|\"}", {madrid, rome}},
      {"a star behind", "bets_*", {total, value}},
      {"a star before", "*_total{env=\"test\"}", {total}},
      {"everything", "", {madrid, rome, total, value}},
      {"contradiction", "logins{site=\"rome\",site=\"madrid\"}", {}},
  };
  SeriesIndex index(table);
  for (const Row& row : rows) {
    const auto selector = SeriesSelector::parse(row.selector).value();
    EXPECT_EQ(names_of(table, index.find(selector).series), row.found) << row.name;
  }
}

TEST(SeriesIndex, LimitSaysThatThereIsMore) {
  SeriesTable table;
  for (int i = 0; i < 10; ++i) add(table, "m", {{"i", std::to_string(i)}});
  SeriesIndex index(table);
  const auto all = SeriesSelector::parse("m").value();
  EXPECT_FALSE(index.find(all, 10).more);
  const auto cut = index.find(all, 9);
  EXPECT_TRUE(cut.more);
  EXPECT_EQ(cut.series.size(), 9u);
  EXPECT_TRUE(index.is_quick(all, 10));
  EXPECT_FALSE(index.is_quick(all, 9));
  EXPECT_FALSE(index.is_quick(SeriesSelector::parse("{i=~\".*1\"}").value(), 9));
  EXPECT_TRUE(index.is_quick(SeriesSelector::parse("m{i=\"3\"}").value(), 1));
}

TEST(SeriesIndex, NewSeriesAreFoundAtOnce) {
  SeriesTable table;
  SeriesIndex index(table);
  const auto selector = SeriesSelector::parse("m").value();
  EXPECT_TRUE(index.find(selector).series.empty());
  for (int i = 0; i < 1000; ++i) {
    const SeriesRef ref = add(table, "m", {{"i", std::to_string(i)}});
    EXPECT_EQ(index.find(selector).series.back(), ref);
  }
  EXPECT_TRUE(index.caught_up());
  add(table, "m", {{"i", "new"}});
  EXPECT_FALSE(index.caught_up());
  EXPECT_FALSE(index.is_quick(selector, 10'000));
}

// Recovery leaves gaps where a batch was refused.
TEST(SeriesIndex, GapsOfRecoveryAreNoSeries) {
  SeriesTable table;
  ASSERT_TRUE(table.restore(SeriesRef{3}, Labels::of("m", {{"i", "3"}}), 0));
  SeriesIndex index(table);
  EXPECT_EQ(index.find(SeriesSelector::parse("").value()).series, std::vector{SeriesRef{3}});
}

TEST(SeriesIndex, NamesAndValuesAreSorted) {
  SeriesTable table;
  add(table, "b", {{"site", "rome"}, {"env", "prod"}});
  const SeriesRef last = add(table, "a", {{"site", "madrid"}});
  SeriesIndex index(table);
  using Views = std::vector<std::string_view>;
  EXPECT_EQ(index.label_names(), (Views{"__name__", "env", "site"}));
  EXPECT_EQ(index.label_values("site"), (Views{"madrid", "rome"}));
  EXPECT_EQ(index.label_values("__name__"), (Views{"a", "b"}));
  EXPECT_TRUE(index.label_values("nope").empty());
  const std::vector some{last};
  EXPECT_EQ(index.label_names(some), (Views{"__name__", "site"}));
  EXPECT_EQ(index.label_values("site", some), Views{"madrid"});
  EXPECT_TRUE(index.label_values("env", some).empty());
  EXPECT_EQ(index.pair_count(), 5u);
  EXPECT_EQ(index.largest_labels(1).at(0).text, "__name__");
  EXPECT_EQ(index.largest_values("site", 9).size(), 2u);
}

// Against looking at every series, which is the definition.
TEST(SeriesIndex, EqualsLookingAtEverySeries) {
  Random random(7);
  SeriesTable table;
  SeriesIndex index(table);
  const auto pick = [&](std::vector<std::string> from) { return from[random.below(from.size())]; };
  const auto value = [&](size_t values) { return "v" + std::to_string(random.below(values)); };
  for (int round = 0; round < 400; ++round) {
    for (int i = 0; i < 20; ++i) {
      std::vector<Labels::Pair> pairs{{"a", value(3)}, {"b", value(40)}, {"c", value(2000)}};
      pairs.resize(random.below(4));
      (void)table.find_or_add(Labels::of(pick({"m", "n", "mm"}), pairs), 0).value();
    }
    std::vector<LabelMatcher> matchers;
    for (uint64_t left = random.below(4); left > 0; --left) {
      const Op op =
          std::vector{Op::kEqual, Op::kNotEqual, Op::kMatch, Op::kNotMatch}[random.below(4)];
      std::string text = pick({"", value(3), value(40), value(2000)});
      if (op == Op::kMatch || op == Op::kNotMatch)
        text = pick({text, "v1.*", "v.*|", ".+", "v1|v2", "(v3|v33)", ".*7", "m+"});
      matchers.push_back(
          LabelMatcher::make(pick({"a", "b", "c", "d", "__name__"}), op, text).value());
    }
    std::vector<SeriesRef> expected;
    for (uint32_t ref = 0; ref < table.size(); ++ref)
      if (std::all_of(matchers.begin(), matchers.end(), [&](const LabelMatcher& matcher) {
            return matcher.matches(table.labels(SeriesRef{ref}));
          }))
        expected.push_back(SeriesRef{ref});
    std::string text;
    for (const LabelMatcher& matcher : matchers) text += matcher.text() + " ";
    EXPECT_EQ(index.find(matchers).series, expected) << text << "in round " << round;
  }
}

// Readers while series come: what was there when a question began is found. For ThreadSanitizer.
TEST(SeriesIndex, ReadersWhileSeriesCome) {
  SeriesTable table;
  SeriesIndex index(table);
  std::atomic<uint32_t> added{0};
  std::thread writer([&] {
    for (uint32_t i = 0; i < 5000; ++i) {
      add(table, "m", {{"i", std::to_string(i)}});
      added.store(i + 1);
    }
  });
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 3; ++reader)
    readers.emplace_back([&] {
      const auto selector = SeriesSelector::parse("m").value();
      uint32_t before = 0;
      while (before < 5000) {
        before = added.load();
        EXPECT_GE(index.find(selector).series.size(), before);
        EXPECT_GE(index.label_values("i").size(), before);
      }
    });
  writer.join();
  for (std::thread& reader : readers) reader.join();
  EXPECT_GT(index.bytes(), 5000u * 32);
}

}  // namespace
}  // namespace tocsin::query
