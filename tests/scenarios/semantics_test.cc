// Sentences of docs/semantics.md that need the whole pipeline, a table of phases each. A phase is
// what the senders do for how long, every 10 s, and what the rules say meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <sstream>

#include "drive.h"

namespace tocsin::scenarios {
namespace {

constexpr DurationMs kEvery = seconds(10);

struct Phase {
  std::string does;
  DurationMs length;
  std::string says;  // "opened RULE SITE; resolved RULE SITE: WHY"
};

class Play {
 public:
  using Does = std::function<void(const std::string& does, TimeMs now)>;

  Play(const std::string& yaml, uint32_t shards)
      : world(configuration_of({{"c.yaml", yaml}}), std::make_unique<SeriesTable>(1000), shards) {}

  void run(const std::vector<Phase>& phases, const Does& does) {
    for (const Phase& phase : phases) {
      SCOPED_TRACE(phase.does + " for " + to_text(phase.length));
      const size_t before = world.story().size();
      if (phase.does == "restart") {
        const Saved saved = world.save();
        world.kill_and_restart();
        world.load(saved);
      }
      // "reload: WHAT" and "restart: WHAT" change the configuration, at once.
      const bool reloads = phase.does.find(": ") != std::string::npos;
      if (reloads) does(phase.does, now);
      for (const TimeMs end = now + phase.length; now < end;) {
        now = now + kEvery;
        world.tick(now);
        if (!reloads) does(phase.does, now);
      }
      const size_t kept = phase.does.starts_with("restart") ? 0 : before;
      EXPECT_EQ(joined(world.story(), kept), phase.says);
    }
  }

  std::string told() const {
    std::vector<std::string> lines;
    for (const Told& one : world.told)
      if (one.event != "updated") lines.push_back(one.event + " " + one.rule + " " + one.site);
    return joined(lines, 0);
  }

  // About 100, never twice the same.
  double usual(TimeMs time, double level = 100) const {
    return level * (1 + 0.01 * static_cast<double>(time.ms / 10'000 % 7 - 3));
  }
  void send(SeriesRef series, TimeMs time, double value, BatchKind kind = BatchKind::kLive) {
    world.send(now, {{series, time, value}}, kind);
  }

  TimeMs now{1'780'000'000'000};
  World world;

 private:
  static std::string joined(const std::vector<std::string>& lines, size_t from) {
    std::string out;
    for (size_t i = from; i < lines.size(); ++i) out += (i > from ? "; " : "") + lines[i];
    return out;
  }
};

const std::string kWorkers = R"(
workers:
  - id: w
    tier: kpi
    select: ['heat', 'deploys']
    models: [{kind: level}]
)";
const std::string kHot = R"(
rules:
  - id: hot
    severity: high
    within: 2m
    when: {violation: heat, direction: above}
)";

// One series of one site; 100 is usual.
struct Heat {
  explicit Heat(const std::string& yaml, uint32_t shards = 2) : play(yaml, shards) {
    heat = play.world.series("heat", {{"site", "a"}});
    deploys = play.world.series("deploys", {{"site", "a"}});
  }
  void run(const std::vector<Phase>& phases) {
    play.run(phases, [this](const std::string& does, TimeMs now) { step(does, now); });
  }
  void step(const std::string& does, TimeMs now) {
    const double usual = play.usual(now), high = 3 * usual;
    std::istringstream words(does);
    for (std::string word; words >> word;) {
      if (word == "usual") play.send(heat, now, usual);
      if (word == "high") play.send(heat, now, high);
      if (word == "import-high") play.send(heat, now, high, BatchKind::kImport);
      if (word == "import-usual") play.send(heat, now, usual, BatchKind::kImport);
      if (word == "old-import-high") play.send(heat, now - days(3), high, BatchKind::kImport);
      if (word == "late-high") play.send(heat, now - seconds(12), high);
      if (word == "late-usual") play.send(heat, now - seconds(12), usual);
      if (word == "very-late-high") play.send(heat, now - days(2), high);
      if (word == "deploys") play.send(deploys, now, play.usual(now, 5));
    }
  }

  Play play;
  SeriesRef heat, deploys;
};

TEST(Semantics, AbsenceDoesNotResolveAnAlert) {
  Heat heat(kWorkers + kHot);
  heat.run({{"usual", minutes(30), ""},
            {"high", minutes(1), "opened hot a"},
            {"nothing", hours(3), ""},
            {"usual", minutes(5), "resolved hot a: recovered"}});
  EXPECT_EQ(heat.play.told(), "opened hot a; resolved hot a");
}

TEST(Semantics, AbsenceIsKeptAcrossARestart) {
  Heat heat(kWorkers + kHot);
  heat.run({{"usual", minutes(30), ""},
            {"high", minutes(1), "opened hot a"},
            {"nothing", minutes(20), ""},
            {"restart", minutes(20), ""},
            {"high", minutes(5), ""},
            {"usual", minutes(5), "resolved hot a: recovered"}});
  EXPECT_EQ(heat.play.told(), "opened hot a; resolved hot a");
}

TEST(Semantics, AnImportOpensAndClosesNothing) {
  Heat heat(kWorkers + kHot);
  heat.run({{"usual", minutes(30), ""},
            {"old-import-high usual", minutes(10), ""},
            {"import-high", minutes(1), ""},
            {"usual", minutes(30), ""},
            {"high", minutes(1), "opened hot a"},
            {"import-usual", minutes(30), ""},
            {"usual", minutes(5), "resolved hot a: recovered"}});
  EXPECT_EQ(heat.play.told(), "opened hot a; resolved hot a");
}

TEST(Semantics, LatePointsOpenAndCloseNothing) {
  Heat heat(kWorkers + kHot);
  heat.run({{"usual", minutes(30), ""},
            {"usual late-high", minutes(10), ""},
            {"usual very-late-high", minutes(10), ""},
            {"high late-usual", minutes(1), "opened hot a"},
            {"high late-usual", minutes(10), ""},
            {"usual", minutes(5), "resolved hot a: recovered"}});
  EXPECT_EQ(heat.play.told(), "opened hot a; resolved hot a");
}

// `not` of a series that is learning, or without data, is unknown, and unknown never opens.
TEST(Semantics, UnknownNeverOpens) {
  Heat heat(kWorkers + R"(
rules:
  - id: hot
    severity: high
    within: 2m
    when:
      all:
        - {violation: heat, direction: above}
        - not: {violation: deploys}
)");
  heat.run({{"usual", minutes(30), ""},
            {"high deploys", minutes(2), ""},  // deploys is learning
            {"usual deploys", minutes(30), ""},
            {"high deploys", minutes(2), "opened hot a"},
            {"usual deploys", minutes(10), "resolved hot a: recovered"},
            {"usual", minutes(5), ""},
            {"high", minutes(2), ""},  // deploys has no data
            {"usual", minutes(5), ""}});
}

// A new configuration, from one frame on, in all stages.
class Reloaded : public testing::Test {
 protected:
  Reloaded() : play_(kWorkers + kHot, 2), heat_(play_.world.series("heat", {{"site", "a"}})) {}
  void run(const std::vector<Phase>& phases) {
    play_.run(phases, [this](const std::string& does, TimeMs now) {
      if (does.starts_with("reload")) play_.world.reload(yaml(does), now);
      if (does.starts_with("restart"))
        play_.world.kill_and_restart(yaml("reload" + does.substr(7)), play_.world.save(), now);
      if (does == "usual") play_.send(heat_, now, play_.usual(now));
      if (does == "high") play_.send(heat_, now, 3 * play_.usual(now));
    });
  }
  static Configuration yaml(const std::string& does) {
    static const std::map<std::string, std::string> rules{
        {"reload: edited",
         "rules:\n"
         "  - {id: hot, severity: critical, within: 3m,\n"
         "     when: {violation: heat, direction: above, score: '>= 2'}}\n"},
        {"reload: too strict",
         "rules:\n"
         "  - {id: hot, severity: high, within: 2m,\n"
         "     when: {violation: heat, direction: below}}\n"},
        {"reload: removed", "rules: []\n"},
        {"reload: back", kHot},
        {"reload: another worker",
         "  - {id: more, select: 'other', models: [{kind: level}]}\n" + kHot}};
    return configuration_of({{"c.yaml", kWorkers + rules.at(does)}});
  }
  Play play_;
  SeriesRef heat_;
};

TEST_F(Reloaded, AnEditedRuleKeepsItsAlert) {
  run({{"usual", minutes(30), ""},
       {"high", minutes(1), "opened hot a"},
       {"reload: edited", DurationMs{}, ""},
       {"high", minutes(10), ""},
       {"usual", minutes(5), "resolved hot a: recovered"}});
  EXPECT_EQ(play_.told(), "opened hot a; resolved hot a");
}

TEST_F(Reloaded, AnEditedRuleThatNoLongerHoldsResolvesAfterOneWindow) {
  run({{"usual", minutes(30), ""},
       {"high", minutes(1), "opened hot a"},
       {"reload: too strict", DurationMs{}, ""},
       {"high", seconds(110), ""},
       {"high", minutes(1), "resolved hot a: no longer holds since the rule was edited"}});
  EXPECT_EQ(play_.told(), "opened hot a; resolved hot a");
}

TEST_F(Reloaded, ARemovedRuleClosesItsAlertAndANewOneSeesWhatIsOpen) {
  run({{"usual", minutes(30), ""},
       {"high", minutes(1), "opened hot a"},
       {"reload: removed", DurationMs{}, "resolved hot a: rule removed"},
       {"high", minutes(10), ""},
       {"reload: back", kEvery, "opened hot a"},
       {"high", minutes(1), ""},
       {"usual", minutes(5), "resolved hot a: recovered"}});
  EXPECT_EQ(play_.told(), "opened hot a; resolved hot a; opened hot a; resolved hot a");
}

TEST_F(Reloaded, AnotherWorkerChangesNothingForTheOpenViolation) {
  run({{"usual", minutes(30), ""},
       {"high", minutes(1), "opened hot a"},
       {"reload: another worker", DurationMs{}, ""},
       {"high", minutes(10), ""},
       {"usual", minutes(5), "resolved hot a: recovered"}});
  EXPECT_EQ(play_.world.opened.size(), 1U);
}

// The same when the files were edited while the process was down.
TEST_F(Reloaded, ARestartWithOtherFilesDoesTheSame) {
  run({{"usual", minutes(30), ""},
       {"high", minutes(1), "opened hot a"},
       {"restart: edited", kEvery, ""},
       {"high", minutes(5), ""},
       {"restart: another worker", kEvery, ""},
       {"high", minutes(5), ""},
       {"restart: removed", kEvery, "resolved hot a: rule removed"},
       {"high", minutes(5), ""},
       {"restart: back", kEvery, "opened hot a"},
       {"high", minutes(1), ""},
       {"usual", minutes(5), "resolved hot a: recovered"}});
  EXPECT_EQ(play_.told(), "opened hot a; resolved hot a; opened hot a; resolved hot a");
}

// The rules hear of all tests anew, as of the checkpoint, before the journal's tail is run: the
// violation that came back within resolve_after keeps its alert.
TEST_F(Reloaded, ARestartWithOtherFilesRunsTheTailOfTheJournalInItsTime) {
  run({{"usual", minutes(30), ""},
       {"high", minutes(1), "opened hot a"},
       {"usual", seconds(60), ""}});
  const Saved saved = play_.world.save();
  const TimeMs saved_at = play_.now;
  const size_t kept = play_.world.journal.size();
  run({{"high", minutes(10), ""}});
  const std::vector<Frame> tail(play_.world.journal.begin() + static_cast<long>(kept),
                                play_.world.journal.end());
  ASSERT_EQ(tail.size(), 60U);
  play_.world.kill_and_restart(yaml("reload: another worker"), saved, saved_at);
  for (const Frame& frame : tail) play_.world.feed(frame);
  EXPECT_THAT(play_.world.story(), testing::IsEmpty());
  run({{"high", minutes(10), ""}, {"usual", minutes(5), "resolved hot a: recovered"}});
  EXPECT_EQ(play_.told(), "opened hot a; resolved hot a");
}

// Counters are judged as rates: growing is not a violation, growing three times as fast is.
TEST(Semantics, CountersAreJudgedAsRates) {
  Play play(R"(
workers:
  - {id: w, tier: kpi, select: 'requests_total', models: [{kind: level}]}
rules:
  - {id: fast, severity: high, within: 2m, when: {violation: 'requests_total:rate'}}
  - {id: raw, severity: high, within: 2m, when: {violation: 'requests_total'}}
)",
            2);
  const SeriesRef series = play.world.series("requests_total", {{"site", "a"}});
  double total = 1e6;
  play.run({{"usual", hours(2), ""},
            {"reset", kEvery, ""},
            {"usual", minutes(10), ""},
            {"fast", minutes(1), "opened fast a"},
            {"usual", minutes(5), "resolved fast a: recovered"}},
           [&](const std::string& does, TimeMs now) {
             if (does == "reset") total = 0;
             total += (does == "fast" ? 3 : 1) * play.usual(now);
             play.send(series, now, total);
           });
}

// The members of an aggregate lie on all shards, its violation is one.
std::vector<std::string> aggregate_on(uint32_t shards) {
  Play play(R"(
workers:
  - {id: w, tier: kpi, select: 'load', aggregate: {op: sum, by: [site], every: 10s},
     models: [{kind: level}]}
rules:
  - {id: busy, severity: high, within: 2m, when: {violation: 'load:sum', direction: above}}
)",
            shards);
  std::vector<SeriesRef> hosts;
  std::vector<bool> used(shards);
  for (int i = 0; i < 12; ++i) {
    hosts.push_back(play.world.series("load", {{"site", "a"}, {"host", "h" + std::to_string(i)}}));
    used[play.world.table().home(hosts.back())] = true;
  }
  EXPECT_THAT(used, testing::Each(true)) << "members on every shard";
  play.run({{"usual", minutes(30), ""},
            {"high", minutes(2), "opened busy a"},
            {"usual", minutes(6), "resolved busy a: recovered"}},
           [&](const std::string& does, TimeMs now) {
             std::vector<Point> points;
             for (const SeriesRef host : hosts)
               points.push_back({host, now, (does == "high" ? 2 : 1) * play.usual(now, 10)});
             play.world.send(now, points);
           });
  EXPECT_EQ(play.world.opened.size(), 1U) << shards << " shards";
  EXPECT_EQ(play.told(), "opened busy a; resolved busy a") << shards << " shards";
  return play.world.decisions;
}

TEST(Semantics, AnAggregateAcrossShardsOpensOneViolation) {
  const std::vector<std::string> one = aggregate_on(1);
  EXPECT_TRUE(aggregate_on(2) == one);
  EXPECT_TRUE(aggregate_on(3) == one);
}

// One sender of three series; a rule on the sender, one on a series' silence, one with `not`.
const std::string kOffice = R"(
workers:
  - id: w
    tier: kpi
    select: ['heat', 'beat', 'deploys']
    models: [{kind: level}, {kind: silence}]
  - {id: senders, tier: kpi, select: [tocsin_sender], models: [{kind: silence, at_least: 5s}]}
rules:
  - {id: sender, severity: high, within: 2m, when: {violation: tocsin_sender, direction: silent}}
  - {id: beat, severity: high, within: 2m, when: {violation: beat, direction: silent}}
  - id: hot
    severity: high
    within: 2m
    when:
      all:
        - {violation: heat, direction: above}
        - not: {violation: deploys}
)";

std::vector<std::string> office_on(uint32_t shards) {
  Play play(kOffice, shards);
  const SeriesRef heat = play.world.series("heat", {{"site", "a"}});
  const SeriesRef beat = play.world.series("beat", {{"site", "a"}});
  const SeriesRef deploys = play.world.series("deploys", {{"site", "a"}});
  play.run({{"all", minutes(40), ""},
            {"nothing", minutes(10), "opened sender a"},
            {"restart", minutes(10), ""},
            {"all", minutes(10), "resolved sender a: recovered"},
            {"no beat", minutes(2), "opened beat a"},
            {"all", minutes(5), "resolved beat a: recovered"},
            // Only heat goes on, from elsewhere: deploys is unknown, and unknown never opens.
            {"nothing", minutes(2), "opened sender a"},
            {"heat elsewhere", minutes(3), ""}},
           [&](const std::string& does, TimeMs now) {
             const double usual = play.usual(now);
             std::vector<Point> points{{heat, now, usual}, {deploys, now, usual}};
             if (does == "all") points.push_back({beat, now, usual});
             if (does == "all" || does == "no beat")
               play.world.send(now, points, BatchKind::kLive, "telegraf 10.0.0.3");
             if (does == "heat elsewhere")
               play.world.send(now, {{heat, now, 3 * usual}}, BatchKind::kLive,
                               "telegraf 10.0.0.4");
           });
  return play.world.decisions;
}

TEST(Semantics, ASenderThatIsSilentIsOneViolationAndItsSeriesAreUnknown) {
  const std::vector<std::string> one = office_on(1);
  EXPECT_TRUE(office_on(2) == one);
  EXPECT_TRUE(office_on(3) == one);
}

// Accepted, the alert is over, and so it is after a crash right behind the answer.
TEST(Semantics, AnAcceptedNewNormalEndsTheAlertForGood) {
  for (const bool crash : {false, true}) {
    Heat heat(kWorkers + kHot);
    heat.run({{"usual", minutes(30), ""}, {"high", hours(7), "opened hot a"}});
    ASSERT_EQ(heat.play.world.opened.size(), 1U);
    const Saved saved = heat.play.world.save();
    const size_t kept = heat.play.world.journal.size();
    heat.play.world.note(heat.play.now,
                         answer_note({heat.play.world.opened[0].id, Answer::kAccepted, "ada"}));
    if (crash) {
      const std::vector<Frame> tail(heat.play.world.journal.begin() + static_cast<long>(kept),
                                    heat.play.world.journal.end());
      heat.play.world.kill_and_restart();
      heat.play.world.load(saved);
      for (const Frame& frame : tail) heat.play.world.feed(frame);
    }
    heat.run({{"high", minutes(10), "resolved hot a: recovered"},
              {"high", hours(1), ""},
              {"usual", minutes(1), ""}});
    EXPECT_EQ(heat.play.told(), "opened hot a; resolved hot a") << crash;
  }
}

}  // namespace
}  // namespace tocsin::scenarios
