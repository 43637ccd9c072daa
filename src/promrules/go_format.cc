// Go's fmt.Sprintf for what templates pass: %v %s %q %d %f %g %e %x %t %%, with flags, width and
// precision.
#include <fmt/format.h>

#include <cmath>

#include "promql/literals.h"
#include "promql/quote.h"
#include "promrules/template_functions.h"

namespace tocsin::promrules {
namespace {

struct Verb {
  bool left = false, plus = false, zero = false, space = false, sharp = false;
  int width = 0, precision = -1;
  char letter = 0;
};

// At the percent sign; `at` moves behind the verb.
Verb read_verb(std::string_view format, size_t& at) {
  Verb out;
  for (++at; at < format.size(); ++at) {
    const char c = format[at];
    if (c == '-')
      out.left = true;
    else if (c == '+')
      out.plus = true;
    else if (c == '0')
      out.zero = true;
    else if (c == ' ')
      out.space = true;
    else if (c == '#')
      out.sharp = true;
    else
      break;
  }
  const auto number = [&] {
    int value = 0;
    for (; at < format.size() && format[at] >= '0' && format[at] <= '9'; ++at)
      value = std::min(value * 10 + (format[at] - '0'), 1000);
    return value;
  };
  out.width = number();
  if (at < format.size() && format[at] == '.') {
    ++at;
    out.precision = number();
  }
  if (at < format.size()) out.letter = format[at++];
  return out;
}

std::string float_text(const Verb& verb, double value) {
  if (!std::isfinite(value)) {
    const std::string text = promql::number_literal(value);
    return text == "+Inf" && !verb.plus ? "+Inf" : text;
  }
  const char letter = verb.letter == 'v' ? 'g' : verb.letter;
  if (verb.precision < 0 && (letter == 'g' || letter == 'G')) {
    const std::string text = promql::number_literal(value);
    return verb.plus && value >= 0 ? "+" + text : text;
  }
  const int precision = verb.precision < 0 ? 6 : verb.precision;
  const char type = letter == 'F' ? 'f' : letter;
  const std::string spec = fmt::format("{{:{}.{}{}}}",
                                       verb.plus    ? "+"
                                       : verb.space ? " "
                                                    : "",
                                       precision, type);
  return fmt::format(fmt::runtime(spec), value);
}

std::string wrong_verb(const Verb& verb, const Value& value) {
  return fmt::format("%!{}({}={})", verb.letter, value.kind(), value.text());
}

std::string one(const Verb& verb, const Value& value) {
  const std::string_view letters = "vsqdfFgGeEtxX";
  if (letters.find(verb.letter) == std::string_view::npos) return wrong_verb(verb, value);
  if (const auto* number = value.as<double>()) {
    if (std::string_view("vfFgGeE").find(verb.letter) == std::string_view::npos)
      return wrong_verb(verb, value);
    return float_text(verb, *number);
  }
  if (const auto* number = value.as<int64_t>()) {
    if (verb.letter == 'x') return fmt::format("{:x}", *number);
    if (verb.letter == 'X') return fmt::format("{:X}", *number);
    if (verb.letter != 'd' && verb.letter != 'v') return wrong_verb(verb, value);
    return fmt::format("{}{}", verb.plus && *number >= 0 ? "+" : "", *number);
  }
  if (value.as<bool>() && verb.letter != 't' && verb.letter != 'v') return wrong_verb(verb, value);
  std::string text = value.text();
  if (const auto* string = value.as<std::string>()) {
    if (std::string_view("vsqxX").find(verb.letter) == std::string_view::npos)
      return wrong_verb(verb, value);
    if (verb.precision >= 0) {
      size_t at = 0;
      for (int i = 0; i < verb.precision && at < string->size(); ++i)
        at += promql::rune_at(*string, at).bytes;
      text = string->substr(0, at);
    }
    if (verb.letter == 'q') return promql::quoted(text);
    if (verb.letter == 'x' || verb.letter == 'X') {
      std::string hex;
      for (const char c : text) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
      return hex;
    }
  }
  return text;
}

std::string padded(const Verb& verb, std::string text) {
  size_t runes = 0;
  for (size_t at = 0; at < text.size(); at += promql::rune_at(text, at).bytes) ++runes;
  const auto width = static_cast<size_t>(verb.width);
  if (runes >= width) return text;
  const size_t missing = width - runes;
  if (verb.left) return text + std::string(missing, ' ');
  const bool sign = text.starts_with('-') || text.starts_with('+');
  if (verb.zero) return text.insert(sign ? 1 : 0, missing, '0');
  return std::string(missing, ' ') + text;
}

}  // namespace

std::string go_format(std::string_view format, std::span<const Value> arguments) {
  std::string out;
  size_t next = 0;
  for (size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      out += format[at++];
      continue;
    }
    const Verb verb = read_verb(format, at);
    if (verb.letter == '%')
      out += '%';
    else if (verb.letter == 0)
      out += "%!(NOVERB)";
    else if (next >= arguments.size())
      out += fmt::format("%!{}(MISSING)", verb.letter);
    else
      out += padded(verb, one(verb, arguments[next++]));
  }
  if (next >= arguments.size()) return out;
  out += "%!(EXTRA ";
  for (size_t i = next; i < arguments.size(); ++i)
    out += fmt::format("{}{}={}", i > next ? ", " : "", arguments[i].kind(), arguments[i].text());
  return out + ")";
}

}  // namespace tocsin::promrules
