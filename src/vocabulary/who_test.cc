#include "vocabulary/who.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

TEST(Who, EachRoleMayDoWhatTheOnesBeforeItMay) {
  Permissions before;
  for (const Role role : {Role::kViewer, Role::kResponder, Role::kEditor, Role::kAdmin}) {
    const Permissions now = permissions_of(role);
    EXPECT_NE(now, before) << to_text(role) << " adds nothing";
    for (const Permission one : kPermissions) {
      EXPECT_TRUE(!before.has(one) || now.has(one)) << to_text(role) << " lost " << to_text(one);
    }
    EXPECT_EQ(parse_role(to_text(role)), role);
    before = now;
  }
  for (const Permission one : kPermissions) {
    EXPECT_TRUE(before.has(one)) << "an administrator may " << to_text(one);
    EXPECT_EQ(parse_permission(to_text(one)), one);
  }
  EXPECT_EQ(to_text(permissions_of(Role::kResponder)), "read, respond");
  EXPECT_FALSE(parse_role("root"));
  EXPECT_FALSE(parse_permission(""));
}

TEST(LabelView, ShowsWhatAllConditionsHoldFor) {
  const Labels acme = Labels::of("logins", {{"customer", "acme"}, {"site", "madrid"}});
  const Labels nobody = Labels::of("logins", {{"site", "madrid"}});
  struct Case {
    const char *text, *printed;
    bool acme, nobody;
  };
  const Case cases[] = {
      {"", "", true, true},
      {"  ", "", true, true},
      {"customer=\"acme\"", "customer=\"acme\"", true, false},
      {"{customer=\"acme\"}", "customer=\"acme\"", true, false},
      {"customer=~\"acme|umbrella\", site=\"madrid\"",
       "customer=~\"acme|umbrella\",site=\"madrid\"", true, false},
      {"customer=\"acme\",site=\"berlin\"", "customer=\"acme\",site=\"berlin\"", false, false},
  };
  for (const Case& c : cases) {
    const auto view = LabelView::parse(c.text);
    ASSERT_TRUE(view.has_value()) << c.text << ": " << view.error().message;
    EXPECT_EQ(view->text(), c.printed);
    EXPECT_EQ(view->shows(acme), c.acme) << c.text;
    EXPECT_EQ(view->shows(nobody), c.nobody) << c.text;
    EXPECT_EQ(LabelView::parse(view->text())->text(), c.printed) << "read back";
  }
}

// A view that lets through what has no such label would show other customers' unlabelled troubles.
TEST(LabelView, RefusesConditionsThatTheEmptyValueMeets) {
  for (const char* text : {"customer!=\"acme\"", "customer=~\".*\"", "customer=\"\"", "{}",
                           "customer", "customer=~\"(\""})
    EXPECT_FALSE(LabelView::parse(text).has_value()) << text;
}

}  // namespace
}  // namespace tocsin
