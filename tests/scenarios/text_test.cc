// Runs testdata/*.txt, from points to alerts through all stages on a virtual clock: a
// configuration, a line "---", then lines of
//   start TIME                         ISO 8601; once, before the first points
//   every SPAN for SPAN: SERIES VALUE[, SERIES VALUE...]
//   expect opened|resolved RULE SITE   each that happened since the last line, in order
//   expect nothing
//   expect summary RULE "TEXT"         how the sentence of its newest alert begins
//   expect expected SERIES LEAST MOST  what is normal in the violation of it that an alert told
//   last
// VALUE is a sum "100 + day(30) + normal(2)" of numbers, poisson(MEAN), normal(DEVIATION),
// day(HEIGHT) (a wave by the day) and daily(GROWTH) (a ramp, from 0 at the line's beginning).
// Whatever opens or resolves must be expected. Each file runs on one shard and on three.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/random.h"
#include "base/text.h"
#include "drive.h"

namespace tocsin::scenarios {
namespace {

namespace fs = std::filesystem;
const fs::path kFolder = "tests/scenarios/testdata";
constexpr double kTurn = 6.283185307179586;

std::string trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(' ') - begin + 1));
}

// At separators that stand in no braces and no parentheses.
std::vector<std::string> parts_of(const std::string& text, char separator) {
  std::vector<std::string> out(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '{' || c == '(' ? 1 : c == '}' || c == ')' ? -1 : 0;
    if (c == separator && depth == 0)
      out.emplace_back();
    else
      out.back() += c;
  }
  for (std::string& part : out) part = trimmed(part);
  return out;
}

double poisson(Random& random, double mean) {
  if (mean > 200) return std::max(0.0, std::round(mean + std::sqrt(mean) * random.normal()));
  double count = 0;
  for (double p = random.uniform(); p > std::exp(-mean); p *= random.uniform()) ++count;
  return count;
}

class Script {
 public:
  Script(std::string name, uint32_t shards) : name_(std::move(name)), shards_(shards) {}

  void run(std::istream& in) {
    std::string yaml;
    for (std::string line; std::getline(in, line) && line != "---"; ++number_) yaml += line + "\n";
    ++number_;
    world_ = std::make_unique<World>(configuration_of({{"c.yaml", yaml}}),
                                     std::make_unique<SeriesTable>(1000), shards_);
    for (std::string line; std::getline(in, line);) {
      ++number_;
      line = trimmed(line.substr(0, line.find('#')));
      if (line.empty()) continue;
      SCOPED_TRACE(name_ + ":" + std::to_string(number_) + ": " + line);
      perform(line);
    }
    EXPECT_EQ(news(), "") << name_ << ": not expected";
  }

 private:
  struct Sent {
    SeriesRef series;
    std::vector<std::string> terms;
  };

  void perform(const std::string& line) {
    std::istringstream words(line);
    std::string first, second, third, fourth;
    words >> first >> second >> third >> fourth;
    if (first == "start") {
      const auto time = parse_time(second);
      ASSERT_TRUE(time.has_value()) << second;
      now_ = *time;
    } else if (first == "every") {
      const size_t colon = line.find(": ");
      ASSERT_NE(colon, std::string::npos);
      send(duration_of(second), duration_of(parts_of(fourth, ':')[0]), line.substr(colon + 2));
    } else if (first == "expect" && second == "summary") {
      expect_summary(third, line.substr(line.find('"') + 1, line.rfind('"') - line.find('"') - 1));
    } else if (first == "expect" && second == "expected") {
      std::string most;
      words >> most;
      expect_expected(third, parse_double(fourth).value_or(NAN), parse_double(most).value_or(NAN));
    } else if (first == "expect") {
      EXPECT_EQ(news(), second == "nothing" ? "" : second + " " + third + " " + fourth);
    } else {
      FAIL() << "no such line";
    }
  }

  static DurationMs duration_of(const std::string& text) {
    const auto span = parse_duration(text);
    EXPECT_TRUE(span.has_value()) << text;
    return span.value_or(minutes(1));
  }

  void send(DurationMs every, DurationMs span, const std::string& what) {
    std::vector<Sent> sent;
    for (const std::string& part : parts_of(what, ',')) {
      const std::vector<std::string> words = parts_of(part, ' ');
      sent.push_back({series_of(words[0]), {}});
      for (size_t i = 1; i < words.size(); ++i)
        if (words[i] != "+") sent.back().terms.push_back(words[i]);
      ASSERT_FALSE(sent.back().terms.empty()) << part;
    }
    const TimeMs begin = now_;
    for (; now_ < begin + span; now_ = now_ + every) {
      world_->tick(now_);
      std::vector<Point> points;
      for (const Sent& one : sent) {
        double value = 0;
        for (const std::string& term : one.terms) value += value_of(term, begin);
        points.push_back({one.series, now_, value});
      }
      world_->send(now_, points);
    }
    world_->finish();
  }

  double value_of(const std::string& term, TimeMs begin) {
    if (const auto number = parse_double(term)) return *number;
    const size_t open = term.find('(');
    const std::string name = term.substr(0, open);
    const auto given = parse_double(term.substr(open + 1, term.size() - open - 2));
    EXPECT_TRUE(given.has_value()) << term;
    const double of = given.value_or(0), day_s = 86'400;
    if (name == "poisson") return poisson(random_, of);
    if (name == "normal") return of * random_.normal();
    if (name == "day")
      return of * std::sin(kTurn * std::fmod(static_cast<double>(now_.ms) / 1000, day_s) / day_s);
    if (name == "daily") return of * (now_ - begin).seconds() / day_s;
    ADD_FAILURE() << "no such value: " << term;
    return 0;
  }

  SeriesRef series_of(const std::string& text) {
    const size_t brace = text.find('{');
    std::vector<Labels::Pair> pairs;
    if (brace != std::string::npos)
      for (const std::string& pair :
           parts_of(text.substr(brace + 1, text.size() - brace - 2), ',')) {
        const size_t equal = pair.find('=');
        pairs.emplace_back(pair.substr(0, equal), pair.substr(equal + 2, pair.size() - equal - 3));
      }
    return world_->series(text.substr(0, brace), pairs);
  }

  // The next that was opened or resolved; empty if nothing was.
  std::string news() {
    const std::vector<std::string> story = world_->story();
    if (heard_ == story.size()) return "";
    const std::string& line = story[heard_++];
    return line.substr(0, line.find(": "));
  }

  void expect_summary(const std::string& rule, const std::string& begins) {
    std::string found = "no alert";
    for (const AlertView& alert : world_->alerts())
      if (alert.latest->rule_id == rule) found = alert.opened->summary;
    EXPECT_EQ(found.substr(0, begins.size()), begins);
  }

  void expect_expected(const std::string& name, double least, double most) {
    double found = NAN;
    for (const AlertView& alert : world_->alerts())
      for (const JudgedViolation& lit : alert.latest->violations)
        if (lit.labels.name() == name) found = lit.violation.last.expected;
    EXPECT_GE(found, least);
    EXPECT_LE(found, most);
  }

  std::string name_;
  uint32_t shards_;
  int number_ = 0;
  std::unique_ptr<World> world_;
  TimeMs now_{1'780'272'000'000};
  Random random_{11};
  size_t heard_ = 0;
};

std::vector<std::string> files() {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(kFolder))
    if (entry.path().extension() == ".txt") out.push_back(entry.path().filename());
  std::sort(out.begin(), out.end());
  return out;
}

TEST(Texts, AllOfThemComeTrue) {
  ASSERT_FALSE(files().empty()) << "run it from the project's folder";
  for (const std::string& name : files())
    for (const uint32_t shards : {1U, 3U}) {
      std::ifstream in(kFolder / name);
      Script(name + " on " + std::to_string(shards), shards).run(in);
    }
}

}  // namespace
}  // namespace tocsin::scenarios
