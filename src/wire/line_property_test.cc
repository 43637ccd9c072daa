// Line protocol read a second time the slow way, written from docs/line-protocol.md: everything is
// copied, numbers go through std::regex and strtod. Both readers must agree on any body.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <regex>

#include "wire/line_protocol.h"

namespace tocsin::wire {
namespace {

struct NaiveLine {
  uint64_t number = 0;
  std::string fault;  // empty = good
  std::string key;
  std::vector<std::string> fields;  // name, type and value as text
  std::string time;
  bool operator==(const NaiveLine&) const = default;
};

std::string field_text(const std::string& name, FieldType type, double value) {
  char text[64];
  std::snprintf(text, sizeof text, "=%d:%a", static_cast<int>(type), value);
  return name + text;
}

struct Refusal {
  LineFault fault;
  size_t resume;  // the search for the line's end goes on here
};

class NaiveReader {
 public:
  NaiveReader(std::string body, TimePrecision precision)
      : body_(std::move(body)), precision_(precision) {}

  std::vector<NaiveLine> read() {
    std::vector<NaiveLine> lines;
    while (true) {
      while (at_ < body_.size() && std::string(" \t\r\n").find(body_[at_]) != std::string::npos)
        ++at_;
      if (at_ == body_.size()) return lines;
      if (body_[at_] == '#') {
        at_ = std::min(body_.find('\n', at_), body_.size());
        continue;
      }
      NaiveLine line;
      const auto begin = body_.begin();
      line.number = 1 + static_cast<uint64_t>(
                            std::count(begin, begin + static_cast<std::ptrdiff_t>(at_), '\n'));
      try {
        read_line(line);
      } catch (const Refusal& refusal) {
        line.fault = to_text(refusal.fault);
        line.key.clear();
        line.fields.clear();
        line.time.clear();
        at_ = std::min(body_.find('\n', refusal.resume), body_.size());
      }
      lines.push_back(line);
    }
  }

 private:
  bool over() const { return at_ >= body_.size(); }
  char now() const { return over() ? '\n' : body_[at_]; }
  bool at_field_end() const { return std::string(", \t\r\n").find(now()) != std::string::npos; }
  void skip_spaces() {
    while (!over() && (now() == ' ' || now() == '\t')) ++at_;
  }

  void read_line(NaiveLine& line) {
    while (now() != '\n' && !(now() == ' ' && (line.key.empty() || line.key.back() != '\\')))
      line.key += body_[at_++];
    skip_spaces();
    if (now() == '\n' || now() == '\r') throw Refusal{LineFault::kSyntax, at_};
    while (true) {
      read_field(line);
      if (now() != ',') break;
      ++at_;
    }
    skip_spaces();
    read_time(line);
    skip_spaces();
    if (now() == '\r') ++at_;
    if (now() != '\n') throw Refusal{LineFault::kTime, at_};
  }

  void read_field(NaiveLine& line) {
    std::string name;
    while (now() != '=' && !at_field_end()) {
      const char next = at_ + 1 < body_.size() ? body_[at_ + 1] : '\n';
      if (now() == '\\' && (next == ',' || next == '=' || next == ' ')) name += body_[at_++];
      name += body_[at_++];
    }
    if (now() != '=' || name.empty()) throw Refusal{LineFault::kSyntax, at_};
    ++at_;
    if (now() == '"') return read_string(line, name);
    const size_t start = at_;
    std::string word;
    while (!at_field_end()) word += body_[at_++];
    if (word.empty()) throw Refusal{LineFault::kSyntax, start};
    line.fields.push_back(read_word(name, word, start));
  }

  void read_string(NaiveLine& line, const std::string& name) {
    const size_t quote = at_++;
    while (!over() && now() != '"') {
      const char next = at_ + 1 < body_.size() ? body_[at_ + 1] : '\0';
      at_ += now() == '\\' && (next == '"' || next == '\\') ? 2 : 1;
    }
    if (over()) throw Refusal{LineFault::kSyntax, quote};
    ++at_;
    if (!at_field_end()) throw Refusal{LineFault::kSyntax, at_};
    line.fields.push_back(field_text(name, FieldType::kString, 0));
  }

  static std::string read_word(const std::string& name, const std::string& word, size_t start) {
    static const std::regex not_finite("[-+]?(nan|inf|infinity)", std::regex::icase);
    static const std::regex yes("t|T|true|True|TRUE"), no("f|F|false|False|FALSE");
    static const std::regex integer("[-+]?[0-9]+i"), whole("[+]?[0-9]+u");
    static const std::regex decimal("[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?");
    if (std::regex_match(word, not_finite)) throw Refusal{LineFault::kNotFinite, start};
    if (std::regex_match(word, yes)) return field_text(name, FieldType::kBoolean, 1);
    if (std::regex_match(word, no)) return field_text(name, FieldType::kBoolean, 0);
    errno = 0;
    if (std::regex_match(word, integer)) {
      const double value = static_cast<double>(std::strtoll(word.c_str(), nullptr, 10));
      if (errno == ERANGE) throw Refusal{LineFault::kNumber, start};
      return field_text(name, FieldType::kInteger, value);
    }
    if (std::regex_match(word, whole)) {
      const double value = static_cast<double>(std::strtoull(word.c_str(), nullptr, 10));
      if (errno == ERANGE) throw Refusal{LineFault::kNumber, start};
      return field_text(name, FieldType::kUnsigned, value);
    }
    if (!std::regex_match(word, decimal)) throw Refusal{LineFault::kNumber, start};
    const double value = std::strtod(word.c_str(), nullptr);
    const bool vanished = value == 0 && errno == ERANGE;
    if (std::isinf(value) || vanished) throw Refusal{LineFault::kNumber, start};
    return field_text(name, FieldType::kFloat, value);
  }

  void read_time(NaiveLine& line) {
    static const std::regex digits("-?[0-9]+");
    if (now() == '\n' || now() == '\r') return;
    const size_t start = at_;
    std::string word;
    while (std::string(" \t\r\n").find(now()) == std::string::npos) word += body_[at_++];
    if (!std::regex_match(word, digits)) throw Refusal{LineFault::kTime, start};
    if (word[0] == '-' || word.size() > 19) throw Refusal{LineFault::kTime, start};
    const auto number = static_cast<__int128>(std::stoull(word));
    constexpr int64_t kNanoseconds[] = {
        1, 1'000, 1'000'000, 1'000'000'000, 60'000'000'000, 3'600'000'000'000};
    const __int128 ms = number * kNanoseconds[static_cast<size_t>(precision_)] / 1'000'000;
    if (ms >= kLineTimeEnd.ms) throw Refusal{LineFault::kTime, start};
    line.time = std::to_string(static_cast<int64_t>(ms));
  }

  const std::string body_;
  const TimePrecision precision_;
  size_t at_ = 0;
};

// The scanner with a guess before each line: right ones, wrong ones and none.
std::vector<NaiveLine> read_fast(const std::string& body, TimePrecision precision,
                                 const std::vector<std::string>& guesses) {
  LineScanner scanner(body, precision);
  std::vector<NaiveLine> lines;
  size_t turn = 0;
  while (true) {
    const std::string guess = guesses.empty() ? "" : guesses[turn++ % guesses.size()];
    const auto step = scanner.next(guess, guess.substr(0, guess.rfind(' ')).size());
    if (step == LineScanner::Step::kEnd) return lines;
    NaiveLine& line = lines.emplace_back();
    line.number = scanner.line_number();
    if (step == LineScanner::Step::kError) {
      line.fault = to_text(scanner.error().fault);
      continue;
    }
    line.key = scanner.line().key;
    for (const Field& field : scanner.line().fields)
      line.fields.push_back(field_text(std::string(field.name), field.type, field.value));
    if (scanner.line().has_time) line.time = std::to_string(scanner.line().time.ms);
  }
}

void expect_same(const std::string& body, TimePrecision precision) {
  const auto expected = NaiveReader(body, precision).read();
  const std::vector<std::string> guesses = {"cpu,host=a value=", "", "m v=", "m, v="};
  for (const auto& tried : {std::vector<std::string>{}, guesses}) {
    const auto got = read_fast(body, precision, tried);
    RC_ASSERT(got.size() == expected.size());
    for (size_t i = 0; i < got.size(); ++i) {
      RC_ASSERT(got[i].number == expected[i].number);
      RC_ASSERT(got[i].fault == expected[i].fault);
      RC_ASSERT(got[i].key == expected[i].key);
      RC_ASSERT(got[i].fields == expected[i].fields);
      RC_ASSERT(got[i].time == expected[i].time);
    }
  }
}

rc::Gen<TimePrecision> any_precision() {
  return rc::gen::map(rc::gen::inRange(0, 6), [](int n) { return static_cast<TimePrecision>(n); });
}

rc::Gen<std::string> joined(const std::vector<std::string>& pieces, int most) {
  return rc::gen::map(rc::gen::resize(most, rc::gen::container<std::vector<std::string>>(
                                                rc::gen::elementOf(pieces))),
                      [](const std::vector<std::string>& chosen) {
                        std::string out;
                        for (const auto& piece : chosen) out += piece;
                        return out;
                      });
}

// Whole tokens, so that many lines are good and many are nearly good.
const std::vector<std::string> kTokens = {"cpu,host=a value=",
                                          "m v=",
                                          "cpu",
                                          "m",
                                          ",",
                                          ",t=x",
                                          "=",
                                          " ",
                                          "  ",
                                          "\t",
                                          "\n",
                                          "\n",
                                          "\r\n",
                                          "\r",
                                          "#",
                                          "v",
                                          "value",
                                          "\\",
                                          "\\ ",
                                          "\\,",
                                          "\\=",
                                          "\\\\",
                                          "\"",
                                          "\"a b\"",
                                          "\"\\\"\"",
                                          "1",
                                          "12.5",
                                          "-0",
                                          "1e5",
                                          "3i",
                                          "7u",
                                          "true",
                                          "f",
                                          "NaN",
                                          "-inf",
                                          "1795411000000000000",
                                          "1.",
                                          ".",
                                          "+",
                                          "-",
                                          "e",
                                          "i",
                                          "9007199254740993",
                                          "253370764799999",
                                          "253370764800000",
                                          "0.1234567890123456789",
                                          "é",
                                          " 17\n",
                                          " 1795411000\n",
                                          "1 1795411000123\n",
                                          "1,w=2 9\n"};

RC_GTEST_PROP(LineProtocol, AgreesWithTheSlowReaderOnTokens, ()) {
  expect_same(*joined(kTokens, 60), *any_precision());
}

RC_GTEST_PROP(LineProtocol, AgreesWithTheSlowReaderOnLettersOfTheGrammar, ()) {
  static const std::vector<std::string> letters = {"m", ",", "=", " ", "\n", "\\", "\"", "1",
                                                   "2", ".", "-", "e", "i",  "t",  "\r", "#"};
  expect_same(*joined(letters, 80), *any_precision());
}

RC_GTEST_PROP(LineProtocol, ReadsEveryDoubleBack, (uint64_t bits, bool shortest)) {
  double value;
  std::memcpy(&value, &bits, sizeof value);
  RC_PRE(std::isfinite(value));
  char text[800];
  std::snprintf(text, sizeof text, shortest ? "%.17g" : "%.25f", value);
  const double meant = std::strtod(text, nullptr);
  RC_PRE(shortest || std::fabs(value) < 1e300);
  const std::string body = std::string("m v=") + text;
  LineScanner scanner(body, TimePrecision::kSeconds);
  RC_ASSERT(scanner.next() == LineScanner::Step::kLine);
  RC_ASSERT(std::memcmp(&scanner.line().fields[0].value, &meant, sizeof meant) == 0);
}

RC_GTEST_PROP(LineProtocol, ReadsShortDecimalsExactly, ()) {
  const auto mantissa = *rc::gen::inRange<uint64_t>(0, 10'000'000'000'000'000);
  const auto digits = *rc::gen::inRange(0, 16);
  std::string text = std::to_string(mantissa);
  while (text.size() <= static_cast<size_t>(digits)) text.insert(0, "0");
  text.insert(text.size() - static_cast<size_t>(digits), ".");
  const std::string body = "m v=" + text;
  LineScanner kept(body, TimePrecision::kSeconds);
  RC_ASSERT(kept.next() == LineScanner::Step::kLine);
  RC_ASSERT(kept.line().fields[0].value == std::strtod(text.c_str(), nullptr));
}

}  // namespace
}  // namespace tocsin::wire
