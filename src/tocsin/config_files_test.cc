#include "tocsin/config_files.h"

#include <gtest/gtest.h>

#include "base/faulty_disk.h"

namespace tocsin {
namespace {

TEST(ConfigNames, Table) {
  const std::pair<const char*, bool> cases[] = {
      {"a.yaml", true},         {"rules/betting.yml", true},
      {"ä.yaml", true},         {"", false},
      {"a.txt", false},         {"/etc/a.yaml", false},
      {"../a.yaml", false},     {"rules/../../a.yaml", false},
      {"rules//a.yaml", false}, {".hidden.yaml", false},
      {".git/a.yaml", false},   {"a\\b.yaml", false},
      {"a\nb.yaml", false},     {"rules/", false},
      {"\xff.yaml", false},     {"rules/.yaml", false},
  };
  for (const auto& [name, right] : cases) EXPECT_EQ(!name_problem(name), right) << name;
  EXPECT_FALSE(name_problem(std::string(195, 'a') + ".yaml"));
  EXPECT_TRUE(name_problem(std::string(196, 'a') + ".yaml"));
}

TEST(ConfigTexts, ChangesLeadFromOneToTheOther) {
  const FileTexts a{{"x.yaml", "1"}, {"y.yaml", "2"}}, b{{"y.yaml", "3"}, {"z.yaml", "4"}};
  const FileChanges changes = changes_between(a, b);
  EXPECT_EQ(changes, (FileChanges{{"x.yaml", std::nullopt}, {"y.yaml", "3"}, {"z.yaml", "4"}}));
  EXPECT_EQ(with_changes(a, changes), b);
  EXPECT_TRUE(changes_between(b, b).empty());
  EXPECT_NE(hash_of(a), hash_of(b));
  EXPECT_EQ(hash_of(a).size(), 16U);
}

FileTexts texts_in(Disk& disk, const std::string& directory) {
  FileTexts out;
  for (const std::string& below : {std::string(), std::string("rules")}) {
    const std::string folder = below.empty() ? directory : directory + "/" + below;
    const auto names = disk.list(folder);
    for (const std::string& name : *names)
      if (name.ends_with(".yaml"))
        out[below.empty() ? name : below + "/" + name] =
            *read_whole_file(disk, folder + "/" + name);
  }
  return out;
}

const FileTexts kOld{{"a.yaml", "old a"}, {"gone.yaml", "old"}, {"same.yaml", "same"}};
const FileTexts kNew{{"a.yaml", "new a, longer"}, {"rules/b.yaml", "new"}, {"same.yaml", "same"}};

void set_up(Disk& disk) {
  ASSERT_TRUE(disk.make_directory("/c/rules"));
  for (const auto& [name, text] : kOld) ASSERT_TRUE(write_file_atomically(disk, "/c", name, text));
}

TEST(ConfigWriting, AddsChangesRemoves) {
  FaultyDisk disk;
  set_up(disk);
  ASSERT_TRUE(write_changes(disk, "/c", changes_between(kOld, kNew)));
  EXPECT_EQ(texts_in(disk, "/c"), kNew);
  const auto names = finish_writing(disk, "/c");
  ASSERT_TRUE(names);
  EXPECT_TRUE(names->empty());
}

// Power goes at each step there is: after the next start the folder is the old or the new one.
TEST(ConfigWriting, PowerCutAtEveryStepLeavesOneOfTheTwo) {
  size_t finished = 0, untouched = 0;
  for (uint64_t step = 1; step < 60; ++step) {
    FaultyDisk disk(step);
    set_up(disk);
    disk.cut_after(step);
    const bool told = write_changes(disk, "/c", changes_between(kOld, kNew)).has_value();
    const bool cut = disk.is_cut();
    disk.power_cut();
    disk.heal();
    ASSERT_TRUE(finish_writing(disk, "/c")) << "step " << step;
    const FileTexts after = texts_in(disk, "/c");
    EXPECT_TRUE(after == kNew || after == kOld) << "step " << step;
    if (told) {
      EXPECT_EQ(after, kNew) << "step " << step;
    }
    finished += after == kNew && !told;
    untouched += after == kOld;
    if (!cut) break;
  }
  EXPECT_GT(finished, 3U) << "cuts after the plan was kept";
  EXPECT_GT(untouched, 1U) << "cuts before";
}

TEST(ConfigWriting, AFullDiskIsTold) {
  FaultyDisk disk;
  set_up(disk);
  disk.fail_write_after(0, true);
  const auto done = write_changes(disk, "/c", changes_between(kOld, kNew));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kExhausted);
  disk.heal();
  ASSERT_TRUE(finish_writing(disk, "/c"));
  EXPECT_EQ(texts_in(disk, "/c"), kOld);
}

TEST(ConfigWriting, ADamagedPlanIsNotCarriedOut) {
  FaultyDisk disk;
  set_up(disk);
  for (const std::string& bytes : {std::string(), std::string("nonsense"), std::string(40, '\0')}) {
    ASSERT_TRUE(write_file_atomically(disk, "/c", std::string(kPlanName), bytes));
    const auto done = finish_writing(disk, "/c");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(texts_in(disk, "/c"), kOld);
  }
}

}  // namespace
}  // namespace tocsin
