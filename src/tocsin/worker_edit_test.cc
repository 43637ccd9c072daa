#include "tocsin/worker_edit.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "config/folder.h"
#include "streamer/worker.h"

namespace tocsin {
namespace {

WorkerChanges weights(std::map<std::string, double> of) {
  WorkerChanges out;
  out.weights = std::move(of);
  return out;
}
WorkerChanges models(std::vector<std::string> of) {
  WorkerChanges out;
  out.models = std::move(of);
  return out;
}
WorkerChanges words(std::optional<std::string> strategy, std::optional<std::string> opens) {
  WorkerChanges out;
  out.strategy = std::move(strategy);
  out.opens = std::move(opens);
  return out;
}
WorkerChanges numbers(std::optional<double> score, std::optional<double> absolute,
                      std::optional<double> relative) {
  WorkerChanges out;
  out.score = score;
  out.deviation_absolute = absolute;
  out.deviation_relative = relative;
  return out;
}

struct Case {
  const char* name;
  std::string before;
  WorkerChanges changes;
  std::string after;
};

const Case kCases[] = {
    {"a weight that is there, comments kept",
     "# head\nworkers:\n  - id: w   # ours\n    select: ['x*']\n    models:\n"
     "      - {kind: level, weight: 1}  # coarse\n",
     weights({{"0", 0.25}}),
     "# head\nworkers:\n  - id: w   # ours\n    select: ['x*']\n    models:\n"
     "      - {kind: level, weight: 0.25}  # coarse\n"},
    {"a weight that is not there, flow",
     "workers:\n  - id: w\n    select: x\n    models: [{kind: level}, {kind: profile, season: "
     "day}]\n",
     weights({{"0", 0.5}, {"1", 2}}),
     "workers:\n  - id: w\n    select: x\n    models: [{kind: level, weight: 0.5}, "
     "{kind: profile, weight: 2, season: day}]\n"},
    {"a weight that is not there, block",
     "workers:\n- id: w\n  select: x\n  models:\n  - kind: level # robust\n    name: l\n"
     "  - kind: profile\n",
     weights({{"0", 0}}),
     "workers:\n- id: w\n  select: x\n  models:\n  - kind: level # robust\n    weight: 0\n"
     "    name: l\n  - kind: profile\n"},
    {"models left out", "workers:\n  - id: w\n    select: x\n", weights({{"0", 0.5}}),
     "workers:\n  - id: w\n    models:\n      - {kind: level, weight: 0.5}\n    select: x\n"},
    {"a period in a flow list",
     "workers:\n  - id: w\n    select: x\n    models:\n      - {kind: profile, weights: [4, 3, "
     "2]}\n",
     weights({{"0.2", 1.5}}),
     "workers:\n  - id: w\n    select: x\n    models:\n"
     "      - {kind: profile, weights: [4, 1.5, 2]}\n"},
    {"a period in a block list",
     "workers:\n  - id: w\n    select: x\n    models:\n      - kind: profile\n        weights:\n"
     "          - 4  # last week\n          - 3\n",
     weights({{"0.1", 5}}),
     "workers:\n  - id: w\n    select: x\n    models:\n      - kind: profile\n        weights:\n"
     "          - 5  # last week\n          - 3\n"},
    {"periods that were left out",
     "workers:\n  - id: w\n    select: x\n    models:\n      - {kind: profile}\n",
     weights({{"0.4", 0}}),
     "workers:\n  - id: w\n    select: x\n    models:\n      - {kind: profile, weights: [1, 1, 1, "
     "0]}\n"},
    {"strategy and opens, one there and one not",
     "workers:\n  - id: w\n    opens: 2 of 3   # quick\n    select: x\n", words("any", "3 of 5"),
     "workers:\n  - id: w\n    strategy: any\n    opens: 3 of 5   # quick\n    select: x\n"},
    {"a quoted value", "workers:\n  - {id: 'w', select: [x], opens: \"2 of 3\"}\n",
     words(std::nullopt, "1 of 1"), "workers:\n  - {id: 'w', select: [x], opens: 1 of 1}\n"},
    {"score and deviation, new", "workers:\n  - id: w\n    select: x\n", numbers(5, 2, 0.05),
     "workers:\n  - id: w\n    score: 5\n    min_deviation: {absolute: 2, relative: 0.05}\n"
     "    select: x\n"},
    {"one deviation of two",
     "workers:\n  - id: w\n    select: x\n    min_deviation:\n      relative: 0.1\n",
     numbers(std::nullopt, 7, std::nullopt),
     "workers:\n  - id: w\n    select: x\n    min_deviation:\n      relative: 0.1\n"
     "      absolute: 7\n"},
    {"other models, block",
     "workers:\n  - id: w\n    models:\n      - kind: level\n        weight: 2\n      # gone\n"
     "      - {kind: profile}\n\n    select: x\n  - id: v\n    select: y\n",
     models({"{kind: profile, season: day}"}),
     "workers:\n  - id: w\n    models:\n      - {kind: profile, season: day}\n\n    select: x\n"
     "  - id: v\n    select: y\n"},
    {"other models, flow over lines",
     "workers:\n  - id: w\n    models: [{kind: level},  # ] no end\n             {kind: profile}]\n"
     "    select: x\n",
     models({"{kind: level}", "{kind: profile, weight: 3}"}),
     "workers:\n  - id: w\n    models: [{kind: level}, {kind: profile, weight: 3}]\n"
     "    select: x\n"},
    {"letters of two bytes before it",
     "workers:\n  - {id: w, select: ['ä{ö=\"ü\"}'], models: [{name: ñandú, kind: level, weight: "
     "1}]}\n",
     weights({{"0", 3}}),
     "workers:\n  - {id: w, select: ['ä{ö=\"ü\"}'], models: [{name: ñandú, kind: level, weight: "
     "3}]}\n"},
    {"Windows' ends of lines", "workers:\r\n  - id: w\r\n    select: x\r\n    score: 4\r\n",
     numbers(6, std::nullopt, std::nullopt),
     "workers:\r\n  - id: w\r\n    select: x\r\n    score: 6\r\n"},
    {"the last line without an end", "workers:\n  - select: x\n    id: w",
     words("all", std::nullopt), "workers:\n  - select: x\n    id: w\n    strategy: all"},
};

TEST(WorkerEdit, Table) {
  for (const Case& c : kCases) {
    const auto edited = edit_worker({{"w.yaml", c.before}}, "w", c.changes);
    ASSERT_TRUE(edited) << c.name << ": " << edited.error().text();
    EXPECT_EQ(edited->name, "w.yaml") << c.name;
    EXPECT_EQ(edited->text, c.after) << c.name;
  }
}

TEST(WorkerEdit, NoOtherFileIsTouched) {
  const FileTexts files{{"a.yaml", "workers:\n  - {id: a, select: x}\n"},
                        {"b.yaml", "workers:\n  - {id: b, select: y}\n"}};
  const auto edited = edit_worker(files, "b", words("best", std::nullopt));
  ASSERT_TRUE(edited);
  EXPECT_EQ(edited->name, "b.yaml");
  EXPECT_EQ(edited->text, "workers:\n  - {id: b, strategy: best, select: y}\n");
}

TEST(WorkerEdit, TheBuiltInWorkerGetsAFile) {
  const auto edited = edit_worker({}, "default", weights({{"0", 0.5}}));
  ASSERT_TRUE(edited) << edited.error().text();
  EXPECT_EQ(edited->name, "workers-default.yaml");
  EXPECT_NE(edited->text.find("- {kind: level, weight: 0.5}"), std::string::npos) << edited->text;
}

TEST(WorkerEdit, WhatCannotBe) {
  const std::string text =
      "workers:\n  - id: w\n    select: x\n    models: [{kind: level}, {kind: profile}]\n";
  struct {
    const char* name;
    std::string id;
    WorkerChanges changes;
    const char* says;
  } const cases[] = {
      {"no such worker", "v", weights({{"0", 1}}), "no file has a worker \"v\""},
      {"no such model", "w", weights({{"2", 1}}), "has no \"2\""},
      {"no such period", "w", weights({{"1.5", 1}}), "has no \"1.5\""},
      {"periods of a level", "w", weights({{"0.1", 1}}), "has no \"0.1\""},
      {"a weight below 0", "w", weights({{"0", -1}}), "between 0 and"},
      {"a strategy that is none", "w", words("loudest", std::nullopt), "loudest"},
      {"YAML in a word", "w", words("any\nid: v", std::nullopt), "is no setting"},
      {"opens beyond reason", "w", words(std::nullopt, "9 of 9"), "n of m"},
      {"score too high", "w", numbers(13, std::nullopt, std::nullopt), "between 1 and 12"},
      {"no models", "w", models({}), "1 to 8"},
      {"a model that is none", "w", models({"{kind: mood}"}), "mood"},
      {"a model that is not on one line", "w", models({"{kind: level}\n- {kind: profile}"}),
       "on one line"},
      {"all periods off", "w", weights({{"1.1", 0}, {"1.2", 0}, {"1.3", 0}}), "two periods"},
  };
  for (const auto& c : cases) {
    const auto edited = edit_worker({{"w.yaml", text}}, c.id, c.changes);
    ASSERT_FALSE(edited) << c.name;
    EXPECT_NE(edited.error().text().find(c.says), std::string::npos)
        << c.name << ": " << edited.error().text();
  }
}

TEST(WorkerEdit, SeasonsOfOneEntryAreChangedTogether) {
  const std::string text =
      "workers:\n  - id: w\n    select: x\n    models:\n"
      "      - {kind: profile, season: [day, week], weight: 1}\n      - {kind: level}\n";
  const auto both = edit_worker({{"w.yaml", text}}, "w", weights({{"0", 0.25}, {"1", 0.25}}));
  ASSERT_TRUE(both) << both.error().text();
  EXPECT_NE(both->text.find("season: [day, week], weight: 0.5}"), std::string::npos) << both->text;
  const auto level = edit_worker({{"w.yaml", text}}, "w", weights({{"2", 3}}));
  ASSERT_TRUE(level) << level.error().text();
  EXPECT_NE(level->text.find("{kind: level, weight: 3}"), std::string::npos) << level->text;
  const auto one = edit_worker({{"w.yaml", text}}, "w", weights({{"0", 0.25}}));
  ASSERT_FALSE(one);
  EXPECT_EQ(one.error().code, ErrorCode::kRefused) << one.error().text();
}

TEST(WorkerEdit, LayoutsForAnEditorAreLeftAlone) {
  const char* cases[] = {
      "workers:\n  - id: w\n    select: x\n    opens: >-\n      2 of\n      3\n",
      "workers:\n  - id: w\n    select: x\n    opens: !!str 2 of 3\n",
  };
  for (const char* text : cases) {
    const auto edited = edit_worker({{"w.yaml", text}}, "w", words(std::nullopt, "1 of 1"));
    ASSERT_FALSE(edited) << text;
    EXPECT_EQ(edited.error().code, ErrorCode::kRefused) << edited.error().text();
  }
}

// Once the weights were looked up in the models that were, and lost.
TEST(WorkerEdit, WeightsOfModelsThatAreReplacedAreRefused) {
  WorkerChanges changes = weights({{"0.1", 2.5}});
  changes.models = {"{kind: level}", "{kind: profile, season: day}"};
  const char* text =
      "workers:\n  - id: w\n    select: x\n    models:\n"
      "      - {kind: profile, weights: [4, 3, 2]}\n";
  const auto edited = edit_worker({{"w.yaml", text}}, "w", changes);
  ASSERT_FALSE(edited);
  EXPECT_EQ(edited.error().code, ErrorCode::kInvalid);
}

// Whatever the layout, the result reads as asked for, and another edit leads back.
TEST(WorkerEdit, ThereAndBack) {
  Random random(5);
  for (int i = 0; i < 200; ++i) {
    const Case& c = kCases[random.below(std::size(kCases))];
    const double weight = static_cast<double>(random.below(1000)) / 8;
    const auto once = edit_worker({{"w.yaml", c.before}}, "w", weights({{"0", weight}}));
    ASSERT_TRUE(once) << c.name;
    const auto twice = edit_worker({{"w.yaml", once->text}}, "w", weights({{"0", 77}}));
    ASSERT_TRUE(twice) << c.name;
    const auto back = edit_worker({{"w.yaml", twice->text}}, "w", weights({{"0", weight}}));
    ASSERT_TRUE(back) << c.name;
    EXPECT_EQ(back->text, once->text) << c.name;
  }
}

}  // namespace
}  // namespace tocsin
