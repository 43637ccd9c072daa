// Runs testdata/*.txt: a rules YAML, a line "---", then lines of
//   TIME open|update|end|absent SERIES [above|below|silent] [FIELD VALUE...] [worker w|v|e]
//   TIME learning|guarded|missing SERIES [cadence 10s] [worker w|v|e]
//   TIME replace               then a rules YAML up to "---"
//   at TIME                    the clock moves, nothing arrives
//   expect opened|updated|resolved RULE [label=value...] ["reason or wait"]
//   expect nothing | expect summary "..." | expect held|unknown|not-held "LABEL" ["reason"]
//   expect branch RULE label=value... held|unknown|not-held
// What opens or resolves must be expected right after the line that caused it; updates only where
// a scenario asks. Each file runs twice: straight, and restarted after every line.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "rules/testing.h"

namespace tocsin::rules {
namespace {

const WorkerNames kWorkers{{"w", {"level"}, Tier::kKpi, 2, 3},
                           {"v", {"profile"}, Tier::kKpi, 1, 1},
                           {"e", {"level"}, Tier::kEvidence, 2, 3}};

std::shared_ptr<const RuleSet> rules_of(const std::string& yaml) {
  config::Problems problems;
  const config::Folder folder = config::Folder::from_texts({{"r.yaml", yaml}}, problems);
  auto rules = std::make_shared<RuleSet>(RuleSet::read(folder, "site", problems));
  EXPECT_EQ(problems.text(), "");
  return rules;
}

// Words by spaces; "..." is one word, also after = and within {}.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> out(1);
  bool quoted = false;
  int braces = 0;
  for (const char c : line) {
    if (c == '{' && !quoted) ++braces;
    if (c == '}' && !quoted) --braces;
    if (c == '"' && braces == 0) {
      quoted = !quoted;
    } else if (c == ' ' && !quoted && braces == 0) {
      if (!out.back().empty()) out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  if (out.back().empty()) out.pop_back();
  return out;
}

std::string truth_word(Truth truth) {
  return truth == Truth::kFalse ? "not-held" : std::string(to_text(truth));
}

class Scenario {
 public:
  Scenario(std::string name, bool restarts) : name_(std::move(name)), restarts_(restarts) {}

  void run(std::istream& in) {
    rules_ = rules_of(block(in));
    engine_ = std::make_unique<Engine>(rules_, table_, kWorkers);
    for (std::string line; std::getline(in, line);) {
      ++number_;
      line = line.substr(0, line.find('#'));
      const std::vector<std::string> words = words_of(line);
      if (words.empty()) continue;
      SCOPED_TRACE(name_ + ":" + std::to_string(number_) + ": " + line);
      perform(words, in);
      if (restarts_) *engine_ = restarted(*engine_, rules_, table_, kWorkers);
    }
    expect_nothing();
  }
  const std::string& output() const { return output_; }

 private:
  std::string block(std::istream& in) {
    std::string out;
    for (std::string line; std::getline(in, line); out += line + "\n") {
      ++number_;
      if (line == "---") return out;
    }
    ADD_FAILURE() << name_ << ": no line ---";
    return out;
  }

  static TimeMs time_of(const std::string& clock) {
    return parse_time("2026-11-23T" + clock + "Z").value_or(TimeMs{});
  }

  void perform(const std::vector<std::string>& words, std::istream& in) {
    if (words[0] == "expect") return expect(words);
    expect_nothing();
    decisions_.clear();
    next_ = 0;
    if (words[0] == "at") {
      engine_->advance(Lsn{lsn_}, time_of(words[1]), decisions_);
    } else if (words[1] == "replace") {
      rules_ = rules_of(block(in));
      engine_->replace(rules_, kWorkers, Lsn{lsn_}, time_of(words[0]), decisions_);
    } else {
      item(words);
    }
    for (const Decision& decision : decisions_) output_ += dump(decision);
  }

  void item(const std::vector<std::string>& words) {
    std::map<std::string, std::string> fields;
    size_t at = 3;
    if (at < words.size() &&
        (words[at] == "above" || words[at] == "below" || words[at] == "silent"))
      fields["direction"] = words[at++];
    for (; at + 1 < words.size(); at += 2) fields[words[at]] = words[at + 1];
    const auto selector = SeriesSelector::parse(words[2]);
    ASSERT_TRUE(selector) << words[2];
    std::vector<Labels::Pair> pairs;
    for (const LabelMatcher& matcher : selector->matchers())
      pairs.emplace_back(matcher.label(), matcher.value());
    const Labels labels(pairs);
    StreamItem made;
    made.at.lsn = Lsn{++lsn_};
    made.arrival = time_of(words[0]);
    const SeriesRef series = table_.find_or_add(labels, 0)->ref;
    WorkerRef worker{fields["worker"] == "e" ? 2U : fields["worker"] == "v" ? 1U : 0U};
    if (words[1] == "learning" || words[1] == "guarded" || words[1] == "missing")
      made.what = status(words[1], series, worker, made.arrival, fields);
    else
      made.what = change(words[1], labels, series, worker, made.arrival, fields);
    engine_->step(made, decisions_);
  }

  static SeriesStatus status(const std::string& what, SeriesRef series, WorkerRef worker,
                             TimeMs now, std::map<std::string, std::string>& fields) {
    SeriesStatus out;
    out.what = what == "learning"  ? SeriesStatus::What::kLearning
               : what == "guarded" ? SeriesStatus::What::kGuarded
                                   : SeriesStatus::What::kAbsent;
    out.series = series;
    out.worker = worker;
    out.tier = kWorkers[worker.index].tier;
    out.since = now;
    out.cadence = parse_duration(fields["cadence"]).value_or(DurationMs{});
    if (what == "learning") out.guarded_from = now + hours(1);
    return out;
  }

  ViolationChange change(const std::string& what, const Labels& labels, SeriesRef series,
                         WorkerRef worker, TimeMs now, std::map<std::string, std::string>& fields) {
    const std::string key = labels.text() + kWorkers[worker.index].id + fields["direction"];
    Violation& violation = violations_[key];
    ViolationChange out;
    if (what == "open") {
      violation = Violation{};
      const std::string opened = fields["opened"];
      violation.opened = opened.empty() ? now : time_of(opened);
      violation.id = IdBuilder().add(key).add(violation.opened.ms).finish();
      violation.points_outside = 1;
      violation.last = {now, 50, 120, 100, 140, 5, -2, true, {{0, 1, true, 120, 100, 140}}};
    }
    violation.series = series;
    violation.worker = worker;
    violation.tier = kWorkers[worker.index].tier;
    const std::string direction = fields["direction"];
    violation.direction = direction == "above"    ? Direction::kAbove
                          : direction == "silent" ? Direction::kSilent
                                                  : Direction::kBelow;
    apply(fields, violation);
    if (what == "update") ++violation.points_outside;
    if (what == "open" || what == "update") {
      violation.state = ViolationState::kOpen;
      violation.updated = violation.last.time = now;
      if (direction == "silent") violation.updated = violation.last.time = violation.opened;
    } else {
      violation.state = what == "end" ? ViolationState::kEnded : ViolationState::kAbsent;
      if (what == "end") violation.ended = now;
    }
    violation.worst = violation.last;
    out.what = what == "open"     ? ViolationChange::What::kOpened
               : what == "update" ? ViolationChange::What::kUpdated
               : what == "end"    ? ViolationChange::What::kEnded
                                  : ViolationChange::What::kAbsent;
    out.violation = violation;
    if (what == "open")
      out.tail = std::make_shared<const std::vector<JudgedPoint>>(2, violation.last);
    return out;
  }

  static void apply(std::map<std::string, std::string>& fields, Violation& violation) {
    const auto number = [&](const char* name, auto set) {
      if (const auto value = parse_double(fields[name])) set(*value);
    };
    number("score", [&](double v) { violation.last.score = v; });
    number("distance", [&](double v) { violation.last.distance = v; });
    number("value", [&](double v) { violation.last.value = v; });
    number("expected", [&](double v) { violation.last.expected = v; });
    number("lower", [&](double v) { violation.last.lower = v; });
    number("upper", [&](double v) { violation.last.upper = v; });
    number("points", [&](double v) { violation.points_outside = static_cast<uint32_t>(v); });
    const auto left = [&](const char* name, DurationMs Outlook::* end) {
      if (fields[name].empty()) return;
      if (!violation.outlook) violation.outlook = Outlook{};
      (*violation.outlook).*end = parse_duration(fields[name]).value_or(Outlook::kNever);
    };
    left("expects", &Outlook::expected);
    left("earliest", &Outlook::earliest);
    left("latest", &Outlook::latest);
    number("limit", [&](double v) { violation.outlook->limit = v; });
    const auto motion = [&]() -> Motion& {
      if (!violation.motion) violation.motion = Motion{};
      return *violation.motion;
    };
    number("speed", [&](double v) { motion().speed = v; });
    number("acceleration", [&](double v) { motion().acceleration = v; });
    if (const auto cadence = parse_duration(fields["cadence"])) violation.cadence = *cadence;
  }

  static Labels scope_from(const std::vector<std::string>& words, size_t& at) {
    std::vector<Labels::Pair> pairs;
    for (; at < words.size() && words[at].find('=') != std::string::npos; ++at) {
      const size_t equal = words[at].find('=');
      pairs.emplace_back(words[at].substr(0, equal), words[at].substr(equal + 1));
    }
    return Labels(std::move(pairs));
  }

  // The next opened or resolved one; updates are passed over.
  const Decision* next_decision(bool updates) {
    while (next_ < decisions_.size()) {
      const Decision& decision = decisions_[next_++];
      if (updates || decision.what != Decision::What::kUpdated) return &decision;
    }
    return nullptr;
  }

  void expect_nothing() {
    const Decision* decision = next_decision(false);
    EXPECT_EQ(decision, nullptr) << "unexpected: " << dump(*decision);
  }

  void expect(const std::vector<std::string>& words) {
    if (words[1] == "nothing") return expect_nothing();
    if (words[1] == "summary") {
      ASSERT_FALSE(decisions_.empty());
      EXPECT_EQ(decisions_.back().summary, words[2]);
    } else if (words[1] == "branch") {
      size_t at = 3;
      const Labels scope = scope_from(words, at);
      const std::vector<BranchValue> tree = engine_->branches(words[2], scope);
      ASSERT_FALSE(tree.empty());
      EXPECT_EQ(truth_word(tree[0].truth), words[at]) << tree[0].reason;
    } else if (words[1] == "held" || words[1] == "unknown" || words[1] == "not-held") {
      expect_leaf(words);
    } else {
      expect_decision(words);
    }
  }

  void expect_leaf(const std::vector<std::string>& words) {
    ASSERT_FALSE(decisions_.empty());
    std::string seen;
    for (const BranchValue& branch : decisions_.back().tree) {
      seen += fmt::format("\n  {}: {} ({})", branch.label, branch.reason, truth_word(branch.truth));
      if (branch.label != words[2]) continue;
      EXPECT_EQ(truth_word(branch.truth), words[1]);
      std::string reason = branch.reason;  // words have no quotes in them
      std::erase(reason, '"');
      EXPECT_EQ(reason, words.size() > 3 ? words[3] : reason);
      return;
    }
    ADD_FAILURE() << "no such branch; there are" << seen;
  }

  void expect_decision(const std::vector<std::string>& words) {
    const Decision* decision = next_decision(words[1] == "updated");
    ASSERT_NE(decision, nullptr) << "there is no decision";
    size_t at = 3;
    const Labels scope = scope_from(words, at);
    constexpr const char* kWhat[] = {"opened", "updated", "resolved"};
    EXPECT_EQ(kWhat[static_cast<int>(decision->what)], words[1]);
    EXPECT_EQ(decision->rule_id, words[2]);
    EXPECT_EQ(decision->scope.text(), scope.text());
    const std::string& why =
        words[1] == "resolved" ? decision->resolve_reason : decision->wait_reason;
    EXPECT_EQ(why, at < words.size() ? words[at] : why);
  }

  std::string name_;
  bool restarts_;
  int number_ = 0;
  uint64_t lsn_ = 0;
  SeriesTable table_;
  std::shared_ptr<const RuleSet> rules_;
  std::unique_ptr<Engine> engine_;
  std::map<std::string, Violation> violations_;
  std::vector<Decision> decisions_;
  size_t next_ = 0;
  std::string output_;
};

class Scenarios : public testing::TestWithParam<std::string> {};

TEST_P(Scenarios, GivesTheSameStraightAndRestartedAfterEveryLine) {
  std::string output[2];
  for (const bool restarts : {false, true}) {
    std::ifstream in(GetParam());
    ASSERT_TRUE(in);
    Scenario scenario(GetParam(), restarts);
    scenario.run(in);
    output[restarts] = scenario.output();
  }
  EXPECT_EQ(output[0], output[1]);
  EXPECT_NE(output[0], "");
}

std::vector<std::string> scenario_files() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator("src/rules/testdata"))
    if (entry.path().extension() == ".txt") out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

INSTANTIATE_TEST_SUITE_P(All, Scenarios, testing::ValuesIn(scenario_files()), [](const auto& each) {
  return std::filesystem::path(each.param).stem().string();
});

}  // namespace
}  // namespace tocsin::rules
