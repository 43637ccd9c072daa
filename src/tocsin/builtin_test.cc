#include "tocsin/builtin.h"

#include <gtest/gtest.h>

#include "tocsin/configuration.h"

namespace tocsin {
namespace {

TEST(Builtin, EveryConfigurationHasItAndItIsRight) {
  config::Problems problems;
  const auto made = Configuration::build(config::Folder::from_texts({}, problems), "", problems);
  ASSERT_TRUE(problems.empty()) << problems.text();
  ASSERT_TRUE(made->workers->find("tocsin-series-refused"));
  const auto worker = *made->workers->find("tocsin-series-refused");
  EXPECT_TRUE(is_builtin(made->workers->worker(worker).place));
  EXPECT_EQ(made->workers->workers().back().id, "default") << "user's and built-in ones come first";
  ASSERT_NE(made->rules->find("tocsin-series-near-limit"), nullptr);
  EXPECT_TRUE(is_builtin(made->rules->find("tocsin-series-near-limit")->place));
  EXPECT_TRUE(made->rules->notes().empty());
  EXPECT_TRUE(made->folder.files().empty()) << "no file of the user's";
}

std::shared_ptr<const Configuration> build(const std::string& yaml, std::string& problems_text) {
  config::Problems problems;
  auto folder = config::Folder::from_texts({{"a.yaml", yaml}}, problems);
  auto made = Configuration::build(std::move(folder), "", problems);
  problems_text = problems.text();
  return made;
}

TEST(Builtin, WatchesOverSendersUnlessSwitchedOff) {
  struct Case {
    const char* yaml;
    const char* watch;  // id of the worker; empty = none
    double after;
    int64_t at_least_ms;
  };
  for (const Case& row : {Case{"", "tocsin-senders", 3, 5000},
                          Case{"senders: {after: 6, at_least: 2m}", "tocsin-senders", 6, 120'000},
                          Case{"senders: {silence: off}", "", 0, 0},
                          Case{"workers: [{id: mine, select: tocsin_sender, models: [{kind: "
                               "silence, after: 9}]}]",
                               "mine", 9, 2000}}) {
    std::string problems;
    const auto made = build(row.yaml, problems);
    ASSERT_EQ(problems, "") << row.yaml;
    const auto watch = made->workers->sender_watch();
    ASSERT_EQ(watch.has_value(), row.watch[0] != 0) << row.yaml;
    if (!watch) continue;
    const streamer::Worker& worker = made->workers->worker(*watch);
    EXPECT_EQ(worker.id, row.watch);
    EXPECT_EQ(worker.models[0].after_cadences, row.after);
    EXPECT_EQ(worker.models[0].at_least.count, row.at_least_ms);
  }
  std::string problems;
  build("senders: {after: 0}", problems);
  EXPECT_NE(problems.find("a.yaml:1:18: after: must be between 1 and 1000"), std::string::npos)
      << problems;
}

TEST(Builtin, AnIdOfItsOwnIsTakenAndTheMessageSaysByWhom) {
  config::Problems problems;
  auto folder = config::Folder::from_texts(
      {{"a.yaml", "workers: [{id: tocsin-series-refused, select: '*'}]\n"}}, problems);
  Configuration::build(std::move(folder), "", problems);
  EXPECT_NE(problems.text().find("built in: series limits"), std::string::npos) << problems.text();
}

TEST(Builtin, TheVersionKnowsWhatIsBuiltIn) {
  config::Problems problems;
  auto folder = config::Folder::from_texts({}, problems);
  const std::string before = folder.version();
  add_builtin(folder, problems);
  EXPECT_NE(folder.version(), before);
}

TEST(Builtin, AnyTextIsAYamlScalar) {
  for (const std::string text : {"", "a: b", "- x", "\"quoted\" 'twice'", "two\nlines", "{{ x }}",
                                 "# no comment", "é\t\x01", "null", "12"}) {
    config::Problems problems;
    const auto root = config::Node::parse("key: " + yaml_text(text), "test", problems);
    ASSERT_TRUE(root && problems.empty()) << text << problems.text();
    EXPECT_EQ(root->members().front().value.scalar(), text);
  }
}

}  // namespace
}  // namespace tocsin
