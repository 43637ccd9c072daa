#include "respond/person_notice.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "respond/links.h"
#include "respond/mail.h"
#include "respond/notice.h"

namespace tocsin::respond {
namespace {

PersonNotice notice_of(const std::string& key) {
  PersonNotice out;
  out.key = key;
  out.receiver = "ana/mail";
  out.subject = "You are on call for Payments until mon 2026-01-19 09:00 (UTC)";
  out.text = "Off: bob. On call now: Ana Ruiz.";
  out.created = out.next_try = TimeMs{1'768'000'000'000};
  return out;
}

TEST(PersonNotice, ReadsLikeAMessageAndNotLikeAnAlert) {
  Notice notice;
  notice.receiver = "ana/mail";
  notice.alert = std::make_shared<AlertView>(view_of(notice_of("a")));
  EXPECT_TRUE(is_person_notice(notice.alert->id));
  EXPECT_EQ(state_word(notice), "on call");
  EXPECT_TRUE(facts(notice).empty());
  EXPECT_EQ(mail_subject(notice),
            "[on call] You are on call for Payments until mon 2026-01-19 09:00 (UTC)");
  const std::string text = mail_text(Links{}, notice);
  EXPECT_NE(text.find("Off: bob. On call now: Ana Ruiz."), std::string::npos) << text;
  EXPECT_NE(text.find("http://127.0.0.1:9640/oncall\n"), std::string::npos) << text;
  EXPECT_EQ(link_words(notice), "Open On call");
  EXPECT_FALSE(is_person_notice(hash128("an alert")));
}

TEST(PersonNotice, IsKeptOnceUntilItIsFinished) {
  const std::string path = testing::TempDir() + "person_notice_" + std::to_string(::getpid());
  std::filesystem::remove_all(path);
  auto database = state::Database::open(path + "/state", {.power_cut_safe = false});
  ASSERT_TRUE(database) << database.error().text();
  ASSERT_TRUE(state::migrate(*database, person_notice_migrations()));
  const auto add = [&](const PersonNotice& notice) {
    auto transaction = database->begin();
    const auto added = add_person_notice(*transaction, notice);
    EXPECT_TRUE(added && transaction->commit());
    return added.value_or(false);
  };
  EXPECT_TRUE(add(notice_of("a")));
  EXPECT_TRUE(add(notice_of("b")));
  EXPECT_FALSE(add(notice_of("a"))) << "told once";
  PersonNotice failed = notice_of("a");
  failed.attempts = 2;
  failed.answer = "503 in 3 ms";
  failed.next_try = failed.created + minutes(1);
  PersonNotice sent = notice_of("b");
  sent.state = PersonNotice::State::kSent;
  auto transaction = database->begin();
  ASSERT_TRUE(update_person_notice(*transaction, failed, failed.created));
  ASSERT_TRUE(update_person_notice(*transaction, sent, sent.created));
  ASSERT_TRUE(transaction->commit());
  const auto waiting = waiting_person_notices(*database, 10);
  ASSERT_TRUE(waiting);
  ASSERT_EQ(waiting->size(), 1u);
  EXPECT_EQ(waiting->front().key, "a");
  EXPECT_EQ(waiting->front().attempts, 2u);
  EXPECT_EQ(waiting->front().next_try, failed.next_try);
  EXPECT_EQ(waiting->front().text, "Off: bob. On call now: Ana Ruiz.");
  EXPECT_FALSE(add(notice_of("b"))) << "also when it was sent";
  std::filesystem::remove_all(path);
}

}  // namespace
}  // namespace tocsin::respond
