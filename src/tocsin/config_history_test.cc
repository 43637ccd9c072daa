#include "tocsin/config_history.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace tocsin {
namespace {

class History : public ::testing::Test {
 protected:
  History()
      : path_(std::filesystem::temp_directory_path() /
              ("config-history-" + std::to_string(::getpid()) + ".db")),
        database_(open()) {}
  ~History() override {
    for (const char* end : {"", "-wal", "-shm", ".writer"})
      std::filesystem::remove(path_.string() + end);
  }
  state::Database open() {
    state::Database::Options options;
    options.power_cut_safe = false;
    auto opened = state::Database::open(path_.string(), options);
    EXPECT_TRUE(opened);
    EXPECT_TRUE(state::migrate(*opened, config_history_migrations()));
    return std::move(*opened);
  }
  int64_t keep(const FileTexts& before, const FileTexts& after, size_t versions_max = 100,
               size_t bytes_max = 1 << 20) {
    ConfigVersion version;
    version.at = TimeMs{++clock_};
    version.author = "ana";
    version.reason = "because";
    const auto id = keep_version(database_, version, before, after, versions_max, bytes_max);
    EXPECT_TRUE(id);
    return id.value_or(0);
  }
  std::filesystem::path path_;
  state::Database database_;
  int64_t clock_ = 0;
};

TEST_F(History, KeepsTextsAndDifferences) {
  const FileTexts first{{"a.yaml", "1\n"}, {"b.yaml", "x\n"}};
  const FileTexts second{{"a.yaml", "2\n"}, {"c.yaml", "y\n"}};
  const int64_t one = keep({}, first), two = keep(first, second);
  EXPECT_EQ(**version_texts(database_, one), first);
  EXPECT_EQ(**version_texts(database_, two), second);
  const auto version = **read_version(database_, two);
  EXPECT_EQ(version.author, "ana");
  EXPECT_EQ(version.reason, "because");
  EXPECT_EQ(version.hash, hash_of(second));
  ASSERT_EQ(version.changes.size(), 3U);
  EXPECT_EQ(version.changes[0].file, "a.yaml");
  EXPECT_EQ(version.changes[0].diff, "@@ -1 +1 @@\n-1\n+2\n");
  EXPECT_EQ(version.changes[1].what, FileDifference::What::kRemoved);
  EXPECT_EQ(version.changes[2].what, FileDifference::What::kAdded);
  EXPECT_EQ(**version_of(database_, hash_of(first)), one);
  EXPECT_FALSE(read_version(database_, 99)->has_value());
}

TEST_F(History, NewestFirst) {
  const int64_t one = keep({}, {{"a.yaml", "1"}}), two = keep({}, {{"a.yaml", "2"}});
  const auto list = *list_versions(database_, 10, false);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].id, two);
  EXPECT_EQ(list[1].id, one);
  EXPECT_TRUE(list[0].changes[0].diff.empty());
  EXPECT_EQ(list_versions(database_, 1, true)->front().id, two);
}

TEST_F(History, DroppedAsIfItHadNeverBeen) {
  const int64_t one = keep({}, {{"a.yaml", "1"}}), two = keep({}, {{"a.yaml", "2"}});
  ASSERT_TRUE(drop_version(database_, two));
  EXPECT_FALSE(version_texts(database_, two)->has_value());
  EXPECT_TRUE(version_texts(database_, one)->has_value());
  EXPECT_GT(keep({}, {{"a.yaml", "3"}}), two) << "an id is given once";
}

TEST_F(History, TheOldestGoByNumber) {
  for (int i = 0; i < 6; ++i) keep({}, {{"a.yaml", std::to_string(i)}}, 4);
  const auto list = *list_versions(database_, 10, false);
  ASSERT_EQ(list.size(), 4U);
  EXPECT_EQ((**version_texts(database_, list.back().id)).at("a.yaml"), "2");
}

TEST_F(History, TheOldestGoByBytesButTheNewestTwoStay) {
  for (int i = 0; i < 6; ++i)
    keep({}, {{"a.yaml", std::string(1000, static_cast<char>('a' + i))}}, 100, 3500);
  EXPECT_EQ(list_versions(database_, 10, false)->size(), 3U);
  keep({}, {{"a.yaml", std::string(9000, 'x')}}, 100, 3500);
  EXPECT_EQ(list_versions(database_, 10, false)->size(), 2U);
}

TEST_F(History, ATextIsKeptOnceAndAsLongAsSomeVersionHoldsIt) {
  const FileTexts same{{"a.yaml", "the same"}, {"b.yaml", "the same"}};
  keep({}, same);
  keep(same, same);
  int64_t texts = 0;
  ASSERT_TRUE(database_.query("SELECT count(*) FROM config_texts", {},
                              [&](const state::Row& row) { texts = row.get<int64_t>(0); }));
  EXPECT_EQ(texts, 1);
}

}  // namespace
}  // namespace tocsin
