#include "base/disk.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/faulty_disk.h"

namespace tocsin {
namespace {

Result<void> write_text(File& file, uint64_t offset, std::string_view text) {
  const std::string_view parts[] = {text.substr(0, text.size() / 2), "",
                                    text.substr(text.size() / 2)};
  return file.write_at(offset, parts);
}

// Both implementations keep the same contract.
class AnyDisk : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      disk_ = std::make_unique<PosixDisk>();
      std::string pattern = (std::filesystem::temp_directory_path() / "disk-XXXXXX").string();
      directory_ = mkdtemp(pattern.data());
    } else {
      disk_ = std::make_unique<FaultyDisk>();
      directory_ = "/d";
    }
  }
  void TearDown() override {
    if (GetParam()) std::filesystem::remove_all(directory_);
  }
  std::unique_ptr<Disk> disk_;
  std::string directory_;
};

TEST_P(AnyDisk, WritesReadsRenamesRemovesLists) {
  const std::string path = directory_ + "/a";
  auto file = disk_->open(path, Disk::Mode::kCreate);
  ASSERT_TRUE(file) << file.error().text();
  ASSERT_TRUE(write_text(**file, 3, "hello"));
  EXPECT_EQ((*file)->read_at(0, 100).value(), std::string("\0\0\0hello", 8));
  EXPECT_EQ((*file)->read_at(4, 2).value(), "el");
  EXPECT_EQ((*file)->read_at(99, 2).value(), "");
  ASSERT_TRUE((*file)->preallocate(4096));
  EXPECT_EQ((*file)->size().value(), 4096u);
  ASSERT_TRUE((*file)->truncate(5));
  EXPECT_EQ((*file)->size().value(), 5u);
  ASSERT_TRUE((*file)->sync());
  ASSERT_TRUE(disk_->rename(path, directory_ + "/b"));
  ASSERT_TRUE(disk_->sync_directory(directory_));
  EXPECT_EQ(disk_->list(directory_).value(), std::vector<std::string>{"b"});
  ASSERT_TRUE(disk_->remove(directory_ + "/b"));
  ASSERT_TRUE(disk_->remove(directory_ + "/b"));
  EXPECT_TRUE(disk_->list(directory_).value().empty());
  EXPECT_TRUE(disk_->list(directory_ + "/none").value().empty());
  EXPECT_GT(disk_->free_bytes(directory_).value(), 0u);
}

TEST_P(AnyDisk, MissingFilesAreErrorsWithThePath) {
  const auto file = disk_->open(directory_ + "/missing", Disk::Mode::kRead);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(file.error().message.find("/missing"), std::string::npos);
  EXPECT_FALSE(disk_->rename(directory_ + "/missing", directory_ + "/x"));
}

TEST_P(AnyDisk, AtomicFileReplacesWhole) {
  ASSERT_TRUE(write_file_atomically(*disk_, directory_, "f", "one"));
  ASSERT_TRUE(write_file_atomically(*disk_, directory_, "f", "twenty"));
  EXPECT_EQ(read_whole_file(*disk_, directory_ + "/f").value(), "twenty");
  EXPECT_EQ(disk_->list(directory_).value(), std::vector<std::string>{"f"});
}

INSTANTIATE_TEST_SUITE_P(Disks, AnyDisk, testing::Values(false, true), [](const auto& what) {
  return what.param ? std::string("Posix") : std::string("Faulty");
});

TEST(FaultyDisk, SyncedBytesSurviveAndUnsyncedMayNot) {
  bool lost = false, kept = false;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    FaultyDisk disk(seed);
    auto file = disk.open("/d/a", Disk::Mode::kCreate).value();
    ASSERT_TRUE(disk.sync_directory("/d"));
    ASSERT_TRUE(write_text(*file, 0, "safe"));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(write_text(*file, 4, "lost"));
    disk.power_cut();
    EXPECT_FALSE(file->sync());
    const std::string after = read_whole_file(disk, "/d/a").value();
    EXPECT_EQ(after.substr(0, 4), "safe");
    lost |= after == "safe";
    kept |= after == "safelost";
  }
  EXPECT_TRUE(lost && kept);
}

TEST(FaultyDisk, NamesSurviveOnlyWithADirectorySync) {
  bool lost = false, kept = false;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    FaultyDisk disk(seed);
    ASSERT_TRUE(write_text(*disk.open("/d/a", Disk::Mode::kCreate).value(), 0, "x"));
    disk.power_cut();
    (disk.list("/d").value().empty() ? lost : kept) = true;
  }
  EXPECT_TRUE(lost && kept);
}

TEST(FaultyDisk, AFailedSyncForgetsThatBytesWereDirty) {
  bool lost = false;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    FaultyDisk disk(seed);
    auto file = disk.open("/d/a", Disk::Mode::kCreate).value();
    ASSERT_TRUE(disk.sync_directory("/d"));
    ASSERT_TRUE(write_text(*file, 0, "data"));
    disk.fail_sync_after(0);
    EXPECT_FALSE(file->sync());
    EXPECT_TRUE(file->sync());  // the trap: it says yes and did nothing
    disk.power_cut();
    lost |= read_whole_file(disk, "/d/a").value() != "data";
  }
  EXPECT_TRUE(lost);
}

TEST(FaultyDisk, FullDiskAndPlannedFailures) {
  FaultyDisk disk;
  auto file = disk.open("/d/a", Disk::Mode::kCreate).value();
  disk.set_capacity(10);
  EXPECT_TRUE(write_text(*file, 0, "0123456789"));
  const auto full = write_text(*file, 10, "x");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kExhausted);
  EXPECT_FALSE(file->preallocate(11));
  disk.heal();
  disk.fail_write_after(1);
  EXPECT_TRUE(write_text(*file, 0, "a"));
  EXPECT_FALSE(write_text(*file, 0, "b"));
  EXPECT_TRUE(write_text(*file, 0, "c"));
}

TEST(FaultyDisk, CutAfterStopsEverythingUntilPowerReturns) {
  FaultyDisk disk;
  auto file = disk.open("/d/a", Disk::Mode::kCreate).value();
  disk.cut_after(2);
  EXPECT_TRUE(write_text(*file, 0, "a"));
  EXPECT_FALSE(write_text(*file, 1, "b"));
  EXPECT_TRUE(disk.is_cut());
  EXPECT_FALSE(file->sync());
  disk.power_cut();
  EXPECT_FALSE(disk.is_cut());
  EXPECT_TRUE(disk.open("/d/b", Disk::Mode::kCreate));
}

}  // namespace
}  // namespace tocsin
