#include "respond/group_notice.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "respond/links.h"
#include "respond/mail.h"
#include "respond/test_notices.h"
#include "respond/webhook.h"

namespace tocsin::respond {
namespace {

using testing::payment_alert;
using testing::resolved;

const TimeMs kNow = *parse_time("2026-11-23T14:40:00Z");
const Links kLinks{.external_url = "https://tocsin.example.com", .grafana = ""};

std::shared_ptr<const AlertView> member(uint64_t number, const std::string& site,
                                        bool over = false) {
  AlertView out = over ? resolved(payment_alert()) : payment_alert();
  out.id.low = number;
  out.latest.edit([&](Decision& d) {
    d.scope = Labels(std::vector<Labels::Pair>{{"site", site}});
    d.summary = "payments fail in " + site;
  });
  out.opened = out.latest;
  return std::make_shared<AlertView>(std::move(out));
}

supervisor::GroupView two_sites() {
  supervisor::GroupView out;
  out.id = *parse_id("aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb");
  out.labels = Labels(std::vector<Labels::Pair>{{"team", "payments"}});
  out.receivers = {"ops"};
  out.opened_at = kNow - minutes(5);
  out.severity = Severity::kCritical;
  out.alerts = {member(1, "madrid"), member(2, "lagos"), member(3, "rome", true)};
  out.open = 2;
  out.by_rule = {{"payment-provider", 2}};
  out.by_site = {{"lagos", 1}, {"madrid", 1}};
  return out;
}

Notice group_notice(const supervisor::GroupView& group, Event event, const std::string& news) {
  Notice out = testing::notice(event, stand_in(group, news, kNow));
  out.group = std::make_shared<supervisor::GroupView>(group);
  out.news = news;
  return out;
}

TEST(GroupNotice, SaysHowManyAndWhichEverywhere) {
  const Notice notice = group_notice(two_sites(), Event::kOpened, "2 opened: a, b");
  EXPECT_EQ(sentence(notice), "2 alerts are open: payment-provider 2; at lagos 1, madrid 1");
  const std::string text = mail_text(kLinks, notice);
  for (const char* part : {"critical: 2 alerts are open", "2 opened: a, b",
                           "critical: payments fail in madrid", "resolved: payments fail in rome",
                           "alerts?group=aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb", "team payments"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  EXPECT_EQ(text.find("Trend"), std::string::npos) << text;
}

TEST(GroupNotice, ItsIdIsTheGroupsSoThatMessagesOfOneGroupFindEachOther) {
  const supervisor::GroupView group = two_sites();
  EXPECT_EQ(stand_in(group, "", kNow).id, group.id);
  EXPECT_EQ(stand_in(group, "", kNow).key, group.id);
}

TEST(GroupNotice, OneAlertAloneIsSaidInItsOwnWords) {
  supervisor::GroupView group = two_sites();
  group.alerts.resize(1);
  group.open = 1;
  EXPECT_EQ(stand_in(group, "", kNow).latest->summary, "payments fail in madrid");
}

TEST(GroupNotice, OverWhenAllAre) {
  supervisor::GroupView group = two_sites();
  group.alerts = {member(3, "rome", true)};
  group.over = true;
  group.open = 0;
  group.by_rule.clear();
  const AlertView view = stand_in(group, "", kNow);
  EXPECT_EQ(view.state, AlertState::kResolved);
  EXPECT_EQ(view.resolved_at, kNow);
}

TEST(GroupNotice, WhoHasAllOfItHasTheGroup) {
  supervisor::GroupView group = two_sites();
  EXPECT_EQ(stand_in(group, "", kNow).acknowledged_by, "");
  for (auto& alert : group.alerts) {
    auto had = std::make_shared<AlertView>(*alert);
    had->acknowledged_by = "ada";
    alert = had;
  }
  EXPECT_EQ(stand_in(group, "", kNow).acknowledged_by, "ada");
}

TEST(GroupNotice, AWebhookGetsEveryAlertWithItsOwnStatus) {
  supervisor::GroupView group = two_sites();
  group.truncated = 4;
  const auto body =
      boost::json::parse(webhook_body(kLinks, group_notice(group, Event::kUpdated, "news")));
  ASSERT_EQ(body.at("alerts").as_array().size(), 3u);
  EXPECT_EQ(body.at_pointer("/alerts/0/status").as_string(), "firing");
  EXPECT_EQ(body.at_pointer("/alerts/1/labels/site").as_string(), "lagos");
  EXPECT_EQ(body.at_pointer("/alerts/2/status").as_string(), "resolved");
  EXPECT_EQ(body.at_pointer("/groupLabels/team").as_string(), "payments");
  EXPECT_EQ(body.at_pointer("/commonLabels/rule").as_string(), "payment-provider");
  EXPECT_FALSE(body.at("commonLabels").as_object().contains("site"));
  EXPECT_EQ(body.at("truncatedAlerts").as_int64(), 4);
  EXPECT_EQ(body.at("news").as_string(), "news");
}

}  // namespace
}  // namespace tocsin::respond
