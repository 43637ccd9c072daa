#include "state/migrations.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

namespace tocsin::state {
namespace {

class MigrationsTest : public testing::Test {
 protected:
  MigrationsTest()
      : path_(testing::TempDir() + "migrations_" + std::to_string(::getpid()) + ".db") {
    remove();
  }
  ~MigrationsTest() override { remove(); }
  void remove() {
    for (const char* end : {"", "-wal", "-shm", ".writer"}) std::filesystem::remove(path_ + end);
  }
  Result<void> run(const std::vector<Migration>& migrations) {
    auto database = Database::open(path_);
    if (!database) return fail(database.error());
    return migrate(*database, migrations);
  }
  std::string path_;
};

const Migration kFirst{1, "a", "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);"};
const Migration kSecond{2, "a", "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1;"};
const Migration kOther{1, "b", "CREATE TABLE b (x INTEGER) STRICT"};

TEST_F(MigrationsTest, RunEachStepOnceInOrder) {
  ASSERT_TRUE(run({kFirst}));
  ASSERT_TRUE(run({kFirst, kSecond, kOther}));
  ASSERT_TRUE(run({kFirst, kSecond, kOther}));
  auto database = Database::open(path_);
  int64_t y = 0;
  EXPECT_EQ(
      *database->query("SELECT y FROM a", {}, [&](const Row& row) { y = row.get<int64_t>(0); }), 1);
  EXPECT_EQ(y, 2);
}

TEST_F(MigrationsTest, AFailedStepChangesNothingAndCanBeRunAgain) {
  const Migration broken{2, "a", "CREATE TABLE half (x INTEGER) STRICT; CREATE NONSENSE;"};
  ASSERT_FALSE(run({kFirst, broken}));
  EXPECT_TRUE(run({kFirst, {2, "a", "CREATE TABLE half (x INTEGER) STRICT"}}));
}

TEST_F(MigrationsTest, AFileOfANewerProgramIsRefused) {
  ASSERT_TRUE(run({kFirst, kSecond}));
  const auto older = run({kFirst});
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code, ErrorCode::kRefused);
}

TEST_F(MigrationsTest, AStepChangedAfterwardsIsRefused) {
  ASSERT_TRUE(run({kFirst}));
  const auto changed = run({{1, "a", "CREATE TABLE a (z INTEGER) STRICT"}});
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace tocsin::state
