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
