#include "respond/inbox.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "respond/mail.h"
#include "respond/test_notices.h"

namespace tocsin::respond {
namespace {

class InboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove(path_);
    auto opened = state::Database::open(path_);
    ASSERT_TRUE(opened) << opened.error().message;
    database_.emplace(std::move(*opened));
    ASSERT_TRUE(state::migrate(*database_, inbox_migrations()));
  }
  void TearDown() override { std::filesystem::remove(path_); }
  void add(std::span<const InboxMessage> messages) {
    auto transaction = database_->begin();
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(keep(*transaction, messages));
    ASSERT_TRUE(transaction->commit());
  }
  const std::string path_ = (std::filesystem::temp_directory_path() /
                             ("tocsin_inbox_" + std::to_string(::getpid()) + ".db"))
                                .string();
  std::optional<state::Database> database_;
};

TEST_F(InboxTest, MessagesReadBackAsTheyWouldHaveBeenSent) {
  const auto messages =
      inbox_messages(Links{}, testing::notice(Event::kOpened, testing::payment_alert(), "inbox"));
  add(messages);
  const auto read = list_inbox(*database_, 100);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    const InboxMessage& back = (*read)[2 - i];  // newest first
    EXPECT_EQ(back.kind, messages[i].kind);
    EXPECT_EQ(back.event, "opened");
    EXPECT_EQ(back.receiver, "inbox");
    EXPECT_EQ(back.alert, messages[i].alert);
    EXPECT_EQ(back.body, messages[i].body);
    EXPECT_EQ(back.headers, messages[i].headers);
    EXPECT_EQ(back.text, messages[i].text);
    EXPECT_EQ(back.html, messages[i].html);
    EXPECT_EQ(back.time, messages[i].time);
    EXPECT_EQ(back.content_type, messages[i].content_type);
    EXPECT_EQ(back.url, messages[i].url);
    EXPECT_EQ(back.title, messages[i].title);
  }
}

TEST_F(InboxTest, HostileTextsAreKeptToo) {
  const auto messages =
      inbox_messages(Links{}, testing::notice(Event::kResolved, testing::hostile_alert()));
  add(messages);
  const auto read = list_inbox(*database_, 100);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 3u);
  EXPECT_EQ(read->front().body, messages.back().body);
}

TEST_F(InboxTest, TheLastThousandStay) {
  InboxMessage message;
  message.kind = "mail";
  std::vector<InboxMessage> many(kInboxMax, message);
  for (size_t i = 0; i < many.size(); ++i) many[i].title = std::to_string(i);
  add(many);
  EXPECT_EQ(list_inbox(*database_, 5000)->size(), static_cast<size_t>(kInboxMax));
  EXPECT_EQ(list_inbox(*database_, 5000)->back().title, "0");
  add(std::span(&message, 1));
  const auto read = list_inbox(*database_, 5000);
  EXPECT_EQ(read->size(), static_cast<size_t>(kInboxMax));
  EXPECT_EQ(read->back().title, "1");
  EXPECT_EQ(list_inbox(*database_, 7)->size(), 7u);
}

}  // namespace
}  // namespace tocsin::respond
