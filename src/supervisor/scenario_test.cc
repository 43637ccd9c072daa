// Runs testdata/*.txt: an alert's life as short scripts on virtual time.
//
//   config ... end                      YAML of routes, customers, supervisor, policies, tiers
//   people ... end                      who can be reached: see test_people.h
//   10:00:05 opened RULE SEVERITY [label=value...] [covers RULE...]     also updated, resolved
//     absent: what lit it sends no data any more
//   10:00:05 burst N RULE SEVERITY      opened for host=0 ... host=N-1
//   10:00 told NAME [label=value...] [until 10:05] [says TEXT]   by another system; over: it ended
//   [10:01] open NAME [label=value...] by WHO            a person does; until somebody closes it
//   10:01 resume                        the clock or the process has jumped
//   10:01 pass                          only time passes
//   [10:01] ack RULE [until 14:00] by WHO ["note"]    also unack, resolve, note, escalate
//   [10:01] assign RULE PERSON by WHO   [10:01] call RULE "team db" by WHO
//   [10:01] shelve RULE until 14:00 by WHO "reason"       also unshelve RULE by WHO
//   2026-11-29T10:00:00 ...             another day: every time may be written so
//   windows ... end                     from now on this is the configuration (but for routes)
//   reload ... end                      from now on this is the configuration, all of it
//   [10:01] silence end 12:00 by WHO    moves the end of the last silence
//   [10:01] silence MATCHER... until 11:00 "comment" by WHO             also unsilence by WHO
//   down RECEIVER "answer"              refuses for good what comes from now on; slow RECEIVER:
//   slow RECEIVER                       does not answer; up RECEIVER: takes it, as all others do
//   restart                             the program ends and comes back
//   lost LINE                           crash: LINE is lost; it comes back, decisions are replayed
//   unsent LINE                         crash: LINE is written, but nothing of it is sent yet
//   expect intent RECEIVER EVENT RULE|group ["words of its text"] [as NAME]   in this order; none
//     may be left over at the next line; one NAME is one group, another NAME another
//   expect no intents
//   expect alert RULE open|resolved|expired [silenced] [quiet] [covered PARENT]
//     [acknowledged WHO]
//   expect next RULE 10:05 RECEIVER     who is told next unless somebody does something; or nothing
//   expect history RULE "words"         in one of its lines
//   expect refused "words"              of the command before
//   expect muted N                      of the last silence
//   expect open N
//
// Each runs twice: as it is written, and with a restart before every line that does something;
// where a restart makes a difference by design, the script has the line "# restarts: written".
// testdata/README.md says what each is there for.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <fstream>
#include <set>
#include <sstream>

#include "supervisor/customer.h"
#include "supervisor/test_people.h"
#include "supervisor/test_world.h"

namespace tocsin::supervisor {
namespace {

using testing_help::World;
using Words = std::vector<std::string>;

constexpr const char* kFolder = "src/supervisor/testdata";

// Splits at spaces; "quoted text" is one word.
Words split(const std::string& line) {
  Words out;
  std::istringstream in(line);
  std::string word;
  while (in >> std::ws && in.peek() != EOF) {
    if (in.peek() == '"') {
      in.get();
      std::getline(in, word, '"');
    } else {
      in >> word;
    }
    out.push_back(word);
  }
  return out;
}

std::optional<TimeMs> clock_time(const std::string& word) {
  if (word.size() > 10 && word[10] == 'T') return parse_time(word + "Z");
  if (word.size() < 5 || word[2] != ':' || !isdigit(word[0])) return std::nullopt;
  return parse_time("2026-11-23T" + word + (word.size() == 5 ? ":00Z" : "Z"));
}

class Script {
 public:
  explicit Script(const std::string& name, bool restarting = false)
      : name_(name), restarting_(restarting) {}

  void run() {
    std::ifstream file(std::string(kFolder) + "/" + name_ + ".txt");
    ASSERT_TRUE(file) << "tests run in the folder of the sources";
    std::string line, yaml;
    for (int number = 1; std::getline(file, line); ++number) {
      SCOPED_TRACE(name_ + ".txt:" + std::to_string(number) + ": " + line);
      if (line == "config") {
        while (std::getline(file, line) && line != "end") ++number, yaml += line + "\n";
        ++number;
        continue;
      }
      if (line == "people") {
        while (std::getline(file, line) && line != "end")
          ++number, testing_help::add_line(*directory_, line);
        ++number;
        continue;
      }
      if (line == "windows" || line == "reload") {
        const bool all = line == "reload";
        std::string changed;
        while (std::getline(file, line) && line != "end") ++number, changed += line + "\n";
        ++number;
        expect_nothing_left();
        all ? read(changed) : configure(changed);
        continue;
      }
      const Words words = split(line);
      if (words.empty() || words[0][0] == '#') continue;
      if (!world_) read(yaml);
      words[0] == "expect" ? expect(Words(words.begin() + 1, words.end())) : act(words);
      if (testing::Test::HasFailure()) return;
    }
    expect_nothing_left();
  }

 private:
  // The configuration the world begins with, or one that is loaded while it runs.
  void read(const std::string& yaml) {
    config::Problems problems;
    const auto folder = config::Folder::from_texts({{"a.yaml", yaml}}, problems);
    const Options options = Options::read(folder, problems);
    Routes routes = Routes::read(folder, problems);
    routes.set_customers(std::make_shared<Customers>(Customers::read(folder, problems)));
    Policies policies = Policies::read(folder, problems);
    const Tiers tiers = Tiers::read(folder, problems);
    policies.check_targets(*directory_, problems);
    ASSERT_TRUE(problems.empty()) << problems.text();
    if (world_)
      world_->configure(options, routes);
    else
      world_ = std::make_unique<World>("scenario_" + name_, options, routes);
    if (!policies.empty() || !folder.section("tiers").empty())
      world_->reach(std::make_shared<EscalationRules>(tiers.rules(std::move(policies))),
                    directory_);
  }

  void configure(const std::string& yaml) {
    config::Problems problems;
    const auto folder = config::Folder::from_texts({{"a.yaml", yaml}}, problems);
    const Options options = Options::read(folder, problems);
    ASSERT_TRUE(problems.empty()) << problems.text();
    world_->configure(options);
  }

  void expect_nothing_left() {
    for (const NotificationIntent& intent : intents_)
      ADD_FAILURE() << "unexpected " << text(intent);
    intents_.clear();
    if (refused_) ADD_FAILURE() << "unexpected refusal: " << *refused_;
    refused_.reset();
  }

  std::string text(const NotificationIntent& intent) {
    const auto alert = world_->supervisor->find(intent.alert_id);
    return intent.receiver + " " + std::string(to_text(intent.event)) + " " +
           (intent.group != Id128{} ? "group"
            : alert                 ? alert->opened->rule_id
                                    : to_text(intent.alert_id));
  }

  // Many at once, each a decision of its own.
  void burst(Words words) {
    Changes changes;
    const int count = std::stoi(words[1]);
    words.erase(words.begin() + 1);
    words[0] = "opened";
    words.emplace_back();
    for (int i = 0; i < count; ++i) {
      words.back() = "host=" + std::to_string(i);
      world_->supervisor->step(remember(words), changes);
    }
    settle(std::move(changes));
  }

  void act(Words words) {
    expect_nothing_left();
    if (restarting_ && words[0] != "restart") restart();
    const bool lost = words[0] == "lost";
    const bool unsent = words[0] == "unsent";
    if (lost || unsent) words.erase(words.begin());
    if (const auto time = clock_time(words[0])) {
      now_ = *time;
      words.erase(words.begin());
    }
    if (words[0] == "restart") return restart();
    if (words[0] == "down" || words[0] == "slow" || words[0] == "up") return receiver(words);
    if (words[0] == "burst") return burst(words);
    Changes changes;
    if (words[0] == "opened" || words[0] == "updated" || words[0] == "resolved")
      world_->supervisor->step(remember(words), changes);
    else if (words[0] == "told" || words[0] == "over")
      world_->supervisor->report({"test", "prometheus", {reported(words)}}, now_, changes);
    else if (words[0] == "resume")
      world_->supervisor->resume(now_);
    else if (words[0] == "pass")
      world_->supervisor->advance(now_, changes);
    else
      command(words, changes);
    if (lost) return replay();
    settle(std::move(changes), unsent);
    if (unsent) restart();
  }

  void restart() {
    world_->restart();
    deliver(std::exchange(unsent_, {}));
  }

  void receiver(const Words& words) {
    receivers_[words[1]] = words[0];
    answers_[words[1]] = words.size() > 2 ? words[2] : "";
  }

  void settle(Changes changes, bool unsent = false) {
    world_->commit(changes);
    intents_.insert(intents_.end(), changes.intents.begin(), changes.intents.end());
    if (!changes.silences.empty()) silence_ = changes.silences.back();
    if (unsent)
      unsent_.insert(unsent_.end(), changes.intents.begin(), changes.intents.end());
    else
      deliver(changes.intents);
  }

  // What the receivers answer, at once.
  void deliver(const std::vector<NotificationIntent>& intents) {
    for (const NotificationIntent& intent : intents) {
      const std::string& how = receivers_[intent.receiver];
      if (how == "slow") continue;
      Delivery delivery;
      delivery.id = intent.id;
      delivery.alert_id = intent.alert_id;
      delivery.receiver = intent.receiver;
      delivery.state = how == "down" ? Delivery::State::kGivenUp : Delivery::State::kSent;
      delivery.answer = answers_[intent.receiver];
      Changes changes;
      world_->supervisor->delivered(delivery, now_, changes);
      settle(std::move(changes));
    }
  }

  // What was worked in since the last commit is gone; the decisions come again, all of them.
  void replay() {
    world_->restart();
    for (const Decision& decision : decisions_) {
      Changes changes;
      world_->supervisor->step(decision, changes);
      settle(std::move(changes));
    }
  }

  const Decision& remember(const Words& words) {
    const auto what = words[0] == "opened"    ? Decision::What::kOpened
                      : words[0] == "updated" ? Decision::What::kUpdated
                                              : Decision::What::kResolved;
    Severity severity = Severity::kCritical;
    std::vector<Labels::Pair> scope;
    Words covers;
    bool covering = false, absent = false;
    for (size_t i = 2; i < words.size(); ++i) {
      const size_t equals = words[i].find('=');
      if (words[i] == "absent")
        absent = true;
      else if (words[i] == "covers")
        covering = true;
      else if (covering)
        covers.push_back(words[i]);
      else if (equals != std::string::npos)
        scope.emplace_back(words[i].substr(0, equals), words[i].substr(equals + 1));
      else
        severity = words[i] == "low"    ? Severity::kLow
                   : words[i] == "high" ? Severity::kHigh
                                        : Severity::kCritical;
    }
    decisions_.push_back(testing_help::decision(what, ++lsn_, now_, words[1], severity,
                                                Labels(std::move(scope)), covers));
    if (absent)
      decisions_.back().violations.emplace_back().violation.state = ViolationState::kAbsent;
    return decisions_.back();
  }

  ReportedAlert reported(const Words& words) const {
    ReportedAlert out;
    std::vector<Labels::Pair> labels = {{"alertname", words[1]}};
    if (words[0] == "over") out.ends = now_;
    for (size_t i = 2; i < words.size() && words[i] != "by"; ++i) {
      const size_t equals = words[i].find('=');
      if (words[i] == "until")
        out.ends = clock_time(words[++i]).value_or(TimeMs{});
      else if (words[i] == "says")
        out.annotations = Labels({{"summary", words[++i]}});
      else
        labels.emplace_back(words[i].substr(0, equals), words[i].substr(equals + 1));
    }
    out.labels = Labels(std::move(labels));
    return out;
  }

  std::shared_ptr<const AlertView> alert(const std::string& rule) {
    AlertFilter filter;
    filter.state = AlertFilter::State::kAll;
    filter.rule = rule;
    const auto found = world_->supervisor->alerts(filter);
    EXPECT_FALSE(found.empty()) << "no alert of " << rule;
    return found.empty() ? std::make_shared<const AlertView>() : found.front();
  }

  void command(const Words& words, Changes& changes) {
    const size_t by =
        static_cast<size_t>(std::find(words.begin(), words.end(), "by") - words.begin());
    ASSERT_LT(by + 1, words.size()) << "by whom?";
    const std::string note = by + 2 < words.size() ? words[by + 2] : "";
    Command c{words[by + 1], RemoveSilence{silence_.id}};
    if (words[0] == "open") c.what = OpenAlert{reported(words)};
    if (words[0] == "ack") {
      const bool ends = words[2] == "until";
      const TimeMs until = ends ? clock_time(words[3]).value_or(TimeMs{1}) : TimeMs{};
      c.what = Acknowledge{alert(words[1])->id, note, until};
    }
    if (words[0] == "escalate") c.what = Escalate{alert(words[1])->id, note};
    if (words[0] == "assign") c.what = Assign{alert(words[1])->id, words[2], note};
    if (words[0] == "call") c.what = AddResponder{alert(words[1])->id, words[2], note};
    if (words[0] == "unack") c.what = Unacknowledge{alert(words[1])->id, note};
    if (words[0] == "resolve") c.what = Resolve{alert(words[1])->id, note};
    if (words[0] == "note") c.what = AddNote{alert(words[1])->id, note};
    if (words[0] == "unshelve") c.what = Unshelve{alert(words[1])->id};
    if (words[0] == "shelve")
      c.what = Shelve{alert(words[1])->id, clock_time(words[3]).value_or(TimeMs{}), note};
    if (words[0] == "silence") {
      if (words[1] == "end") {
        c.what = MoveSilenceEnd{silence_.id, clock_time(words[2]).value_or(TimeMs{})};
        return give(c, changes);
      }
      const auto until = std::find(words.begin(), words.end(), "until");
      ASSERT_LT(until + 2, words.end());
      c.what =
          AddSilence{{words.begin() + 1, until}, clock_time(until[1]).value_or(TimeMs{}), until[2]};
    }
    give(c, changes);
  }

  void give(const Command& c, Changes& changes) {
    const auto done = world_->supervisor->command(c, now_, changes);
    if (!done) refused_ = done.error().message;
  }

  void expect(const Words& words) {
    if (words[0] == "intent") return expect_intent(words);
    if (words[0] == "no") return expect_nothing_left();
    if (words[0] == "alert") return expect_alert(words);
    if (words[0] == "next") return expect_next(words);
    if (words[0] == "history") return expect_history(words);
    if (words[0] == "muted") {
      EXPECT_EQ(std::to_string(silence_.muted), words[1]);
    } else if (words[0] == "open") {
      EXPECT_EQ(std::to_string(world_->supervisor->open_count()), words[1]);
    } else {
      ASSERT_EQ(words[0], "refused");
      ASSERT_TRUE(refused_) << "it was not refused";
      EXPECT_NE(refused_->find(words[1]), std::string::npos) << *refused_;
      refused_.reset();
    }
  }

  void expect_intent(const Words& words) {
    ASSERT_FALSE(intents_.empty()) << "nothing was planned";
    EXPECT_EQ(text(intents_.front()), words[1] + " " + words[2] + " " + words[3]);
    if (words.size() > 4) {
      EXPECT_NE(intents_.front().text.find(words[4]), std::string::npos) << intents_.front().text;
    }
    if (words.size() > 6) {
      const Id128 group = groups_.emplace(words[6], intents_.front().group).first->second;
      for (const auto& [name, id] : groups_)
        EXPECT_EQ(name == words[6], id == intents_.front().group) << name;
      EXPECT_NE(group, Id128{}) << "it is of no group";
    }
    intents_.pop_front();
  }

  void expect_next(const Words& words) {
    const auto next = world_->supervisor->next(alert(words[1])->id, 1);
    if (words[2] == "nothing") {
      EXPECT_TRUE(next.empty()) << next.front().text;
      return;
    }
    ASSERT_FALSE(next.empty()) << "nothing comes next";
    EXPECT_EQ(to_iso(next.front().at), to_iso(clock_time(words[2]).value_or(TimeMs{})));
    EXPECT_EQ(next.front().receiver, words[3]) << next.front().text;
  }

  void expect_history(const Words& words) {
    const auto history = read_history(*world_->database, alert(words[1])->id);
    ASSERT_TRUE(history);
    std::string all;
    for (const HistoryEntry& entry : *history) {
      const std::string line = entry.what + " " + entry.who + " " + entry.text;
      if (line.find(words[2]) != std::string::npos) return;
      all += line + "\n";
    }
    ADD_FAILURE() << "no line of its history says so:\n" << all;
  }

  // In memory and as it was written.
  void expect_alert(const Words& words) {
    const auto view = alert(words[1]);
    expect_view(*view, words);
    const auto kept = read_alert(*world_->database, view->id);
    ASSERT_TRUE(kept && *kept);
    expect_view(**kept, words);
  }

  void expect_view(const AlertView& view, const Words& words) {
    const auto has = [&](const char* word) {
      return std::find(words.begin(), words.end(), word) != words.end();
    };
    EXPECT_EQ(to_text(view.state), words[2]);
    EXPECT_EQ(!view.silenced_by.empty(), has("silenced"));
    EXPECT_EQ(view.covered_by.has_value(), has("covered"));
    EXPECT_EQ(view.shelf != nullptr, has("shelved"));
    EXPECT_EQ(view.flapping_since != TimeMs{}, has("flapping"));
    EXPECT_EQ(!view.groups.empty(), has("grouped"));
    EXPECT_EQ(absent(view.latest), has("absent"));
    EXPECT_EQ(!view.acknowledged_by.empty(), has("acknowledged"));
    for (size_t i = 3; i + 1 < words.size(); ++i) {
      if (words[i] == "covered") {
        EXPECT_EQ(alert(words[i + 1])->id, view.covered_by);
      }
      if (words[i] == "acknowledged") {
        EXPECT_EQ(view.acknowledged_by, words[i + 1]);
      }
    }
  }

  std::string name_;
  bool restarting_;
  std::map<std::string, Id128> groups_;
  std::unique_ptr<World> world_;
  TimeMs now_ = *parse_time("2026-11-23T09:00:00Z");
  uint64_t lsn_ = 0;
  std::deque<Decision> decisions_;
  std::deque<NotificationIntent> intents_;
  std::optional<std::string> refused_;
  Silence silence_;
  std::shared_ptr<FixedDirectory> directory_ = std::make_shared<FixedDirectory>();
  std::map<std::string, std::string> receivers_, answers_;  // down, slow; what they say
  std::vector<NotificationIntent> unsent_;
};

bool may_restart(const std::string& name) {
  std::ifstream file(std::string(kFolder) + "/" + name + ".txt");
  for (std::string line; std::getline(file, line);)
    if (line == "# restarts: written") return false;
  return true;
}

std::vector<std::string> scripts() {
  std::vector<std::string> out;
  std::error_code none;
  for (const auto& file : std::filesystem::directory_iterator(kFolder, none))
    if (file.path().extension() == ".txt") out.push_back(file.path().stem());
  std::sort(out.begin(), out.end());
  return out;
}

TEST(ScenarioFiles, AreThere) {
  EXPECT_GE(scripts().size(), 20u) << "tests run in the folder of the sources";
}

TEST(ScenarioFiles, AreNamedInTheTable) {
  std::ifstream file(std::string(kFolder) + "/README.md");
  std::set<std::string> named;
  std::string word;
  for (char c; file.get(c);) {
    if (isalnum(c) || c == '_')
      word += c;
    else
      named.insert(std::exchange(word, {}));
  }
  for (const std::string& script : scripts()) EXPECT_TRUE(named.contains(script)) << script;
}

class Scenarios : public testing::TestWithParam<std::string> {};
TEST_P(Scenarios, Run) { Script(GetParam()).run(); }
TEST_P(Scenarios, RunWithARestartBeforeEveryStep) {
  if (may_restart(GetParam())) Script(GetParam(), true).run();
}
INSTANTIATE_TEST_SUITE_P(Life, Scenarios, testing::ValuesIn(scripts()),
                         [](const auto& row) { return row.param; });

}  // namespace
}  // namespace tocsin::supervisor
