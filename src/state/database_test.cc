#include "state/database.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace tocsin::state {
namespace {

class DatabaseTest : public testing::Test {
 protected:
  DatabaseTest() {
    folder_ = testing::TempDir() + "state_" + std::to_string(::getpid()) + "_" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    path_ = folder_ + "/deep/tocsin.db";
  }
  ~DatabaseTest() override {
    std::error_code ignored;
    std::filesystem::permissions(folder_ + "/deep", std::filesystem::perms::all, ignored);
    std::filesystem::remove_all(folder_, ignored);
  }
  Database writer() {
    auto database = Database::open(path_, {.counters = &counters_});
    EXPECT_TRUE(database) << database.error().text();
    return std::move(*database);
  }
  static int64_t count(Database& database) {
    int64_t rows = -1;
    EXPECT_TRUE(database.query("SELECT count(*) FROM t", {},
                               [&](const Row& row) { rows = row.get<int64_t>(0); }));
    return rows;
  }
  uint64_t errors(std::string_view reason) {
    return counters_
        .counter("tocsin_sql_errors_total", "reason=\"" + std::string(reason) + "\"", "")
        .value();
  }

  Counters counters_;
  std::string folder_, path_;
};

constexpr std::string_view kTable =
    "CREATE TABLE t (a INTEGER, b TEXT, c REAL, d BLOB, u TEXT UNIQUE) STRICT";

TEST_F(DatabaseTest, EveryTypeReadsBackAsItWasAlsoAfterReopening) {
  const std::string bytes("a\0b\xff", 4);
  const Id128 id = hash128("x");
  {
    Database database = writer();
    ASSERT_TRUE(database.script(kTable));
    EXPECT_EQ(*database.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?)",
                                {INT64_MIN, "zwölf 'quoted'?", 0.1, Blob{bytes}, id}),
              1);
    EXPECT_EQ(*database.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?)",
                                {std::nullopt, "", std::nullopt, Blob{""}, std::nullopt}),
              1);
  }
  Database database = writer();
  int rows = 0;
  const auto read = database.query("SELECT * FROM t ORDER BY rowid", {}, [&](const Row& row) {
    if (rows++ == 0) {
      EXPECT_EQ(row.get<int64_t>(0), INT64_MIN);
      EXPECT_EQ(row.get<TimeMs>(0).ms, INT64_MIN);
      EXPECT_EQ(row.get<std::string>(1), "zwölf 'quoted'?");
      EXPECT_EQ(row.get<double>(2), 0.1);
      EXPECT_EQ(row.get<std::string_view>(3), bytes);
      EXPECT_EQ(row.get<Id128>(4), id);
    } else {
      EXPECT_TRUE(row.null(0));
      EXPECT_EQ(row.get<std::optional<int64_t>>(0), std::nullopt);
      EXPECT_EQ(row.get<std::optional<std::string>>(1), "");
      EXPECT_EQ(row.get<std::string>(3), "");
      EXPECT_FALSE(row.get<std::optional<Id128>>(4));
    }
  });
  EXPECT_EQ(*read, 2);
}

TEST_F(DatabaseTest, ErrorsNameTheFileTheReasonAndTheStatement) {
  Database database = writer();
  const auto wrong = database.execute("SELEC 1");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("SELEC 1"), std::string::npos);
  EXPECT_NE(wrong.error().message.find(path_), std::string::npos);
  EXPECT_FALSE(database.execute("SELECT ?", {}));
  EXPECT_FALSE(database.execute("SELECT ?", {1, 2}));
  EXPECT_FALSE(database.execute(""));
  ASSERT_TRUE(database.script(kTable));
  ASSERT_TRUE(database.execute("INSERT INTO t (u) VALUES (?)", {"x"}));
  const auto twice = database.execute("INSERT INTO t (u) VALUES (?)", {"x"});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(errors("constraint"), 1u);
}

TEST_F(DatabaseTest, ANestedQueryOfTheSameTextDoesNotDisturbTheOuterOne) {
  Database database = writer();
  ASSERT_TRUE(database.script(kTable));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(database.execute("INSERT INTO t (a) VALUES (?)", {i}));
  int inner = 0;
  const auto outer = database.query("SELECT a FROM t WHERE a >= ?", {0}, [&](const Row&) {
    ASSERT_TRUE(database.query("SELECT a FROM t WHERE a >= ?", {1}, [&](const Row&) { ++inner; }));
  });
  EXPECT_EQ(*outer, 3);
  EXPECT_EQ(inner, 6);
}

TEST_F(DatabaseTest, KeepsAtMostSoManyStatementsAndStillAnswers) {
  Database database = writer();
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 300; ++i) {
      int64_t got = -1;
      ASSERT_TRUE(database.query("SELECT " + std::to_string(i), {},
                                 [&](const Row& row) { got = row.get<int64_t>(0); }));
      ASSERT_EQ(got, i);
    }
}

TEST_F(DatabaseTest, AnUncommittedTransactionLeavesNoTrace) {
  Database database = writer();
  ASSERT_TRUE(database.script(kTable));
  {
    auto transaction = database.begin();
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(transaction->execute("INSERT INTO t (a) VALUES (1)"));
  }
  EXPECT_EQ(count(database), 0);
  auto transaction = database.begin();
  ASSERT_TRUE(transaction->execute("INSERT INTO t (a) VALUES (1)"));
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(count(database), 1);
}

TEST_F(DatabaseTest, OfAKilledProcessTheCommittedIsThereAndTheRestIsNot) {
  {
    ASSERT_TRUE(writer().script(kTable));
  }
  const pid_t child = ::fork();
  if (child == 0) {
    auto database = Database::open(path_);
    auto kept = database->begin();
    (void)kept->execute("INSERT INTO t (a) VALUES (1)");
    if (!kept->commit()) ::_exit(1);
    auto lost = database->begin();
    (void)lost->execute("INSERT INTO t (a) VALUES (2)");
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  Database database = writer();
  EXPECT_EQ(count(database), 1);
}

TEST_F(DatabaseTest, AFullDiskIsSaidCountedAndHealsByTryingAgain) {
  Database database = writer();
  ASSERT_TRUE(database.script(kTable));
  ASSERT_TRUE(database.script("PRAGMA max_page_count = 20"));
  const std::string big(200'000, 'x');
  const auto write = [&]() -> Result<void> {
    auto transaction = database.begin();
    if (!transaction) return fail(transaction.error());
    if (auto one = transaction->execute("INSERT INTO t (a) VALUES (1)"); !one)
      return fail(one.error());
    if (auto two = transaction->execute("INSERT INTO t (b) VALUES (?)", {big}); !two)
      return fail(two.error());
    return transaction->commit();
  };
  const auto full = write();
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kExhausted);
  EXPECT_NE(full.error().message.find("disk is full"), std::string::npos);
  EXPECT_EQ(errors("full"), 1u);
  EXPECT_EQ(count(database), 0);
  ASSERT_TRUE(database.script("PRAGMA max_page_count = 1000000"));
  const auto healed = write();
  EXPECT_TRUE(healed) << healed.error().text();
  EXPECT_EQ(count(database), 2);
}

TEST_F(DatabaseTest, ADamagedFileIsRefusedAtTheStart) {
  {
    Database database = writer();
    ASSERT_TRUE(database.script(kTable));
    auto transaction = database.begin();
    for (int i = 0; i < 2000; ++i)
      ASSERT_TRUE(
          transaction->execute("INSERT INTO t (a, u) VALUES (?, ?)", {i, std::to_string(i)}));
    ASSERT_TRUE(transaction->commit());
  }
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(8192, 'Z');
  }
  const auto opened = Database::open(path_, {.counters = &counters_});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
  EXPECT_GE(errors("corrupt"), 1u);
}

TEST_F(DatabaseTest, AFileThatIsNoDatabaseIsRefused) {
  std::filesystem::create_directories(folder_ + "/deep");
  std::ofstream(path_) << std::string(5000, 'n');
  const auto opened = Database::open(path_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
}

TEST_F(DatabaseTest, ASecondWriterIsRefusedAReaderIsNot) {
  Database database = writer();
  ASSERT_TRUE(database.script(kTable));
  const auto second = Database::open(path_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  auto reader = Database::open(path_, {.access = Database::Access::kReader});
  ASSERT_TRUE(reader) << reader.error().text();
  ASSERT_TRUE(database.execute("INSERT INTO t (a) VALUES (1)"));
  EXPECT_EQ(count(*reader), 1);
  const auto refused = reader->execute("INSERT INTO t (a) VALUES (2)");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
}

TEST_F(DatabaseTest, AReaderDoesNotMakeTheFile) {
  EXPECT_FALSE(Database::open(path_, {.access = Database::Access::kReader}));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(DatabaseTest, ABackupIsAWholeDatabase) {
  Database database = writer();
  ASSERT_TRUE(database.script(kTable));
  ASSERT_TRUE(database.execute("INSERT INTO t (a) VALUES (1)"));
  const std::string copy = folder_ + "/copy.db";
  ASSERT_TRUE(database.backup(copy));
  EXPECT_FALSE(database.backup(copy));  // never over a file that is there
  auto other = Database::open(copy);
  ASSERT_TRUE(other);
  EXPECT_EQ(count(*other), 1);
}

TEST_F(DatabaseTest, IsSafeOnDiskByDefault) {
  Database database = writer();
  std::string journal;
  int64_t synchronous = 0, keys = 0, map = -1;
  const auto read = [&](std::string_view sql, auto& into) {
    using T = std::remove_reference_t<decltype(into)>;
    ASSERT_TRUE(database.query(sql, {}, [&](const Row& row) { into = row.get<T>(0); }));
  };
  read("PRAGMA journal_mode", journal);
  read("PRAGMA synchronous", synchronous);
  read("PRAGMA foreign_keys", keys);
  read("PRAGMA mmap_size", map);
  EXPECT_EQ(journal, "wal");
  EXPECT_EQ(synchronous, 2);
  EXPECT_EQ(keys, 1);
  EXPECT_LE(map, 0);
}

}  // namespace
}  // namespace tocsin::state
