#include "respond/mail_reply.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace tocsin::respond {
namespace {

using What = MailReply::What;

constexpr size_t kLinesMax = 500;
constexpr size_t kTextBytesMax = 9'000;  // a note has at most 10,000

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return out;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty() && out.size() < kLinesMax) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    // A no-break space is how editors end a line of HTML.
    while (line.starts_with("\xc2\xa0")) line.remove_prefix(2);
    out.push_back(trimmed(line));
  }
  return out;
}

bool all_of_one(std::string_view line, char c, size_t least) {
  return line.size() >= least && line.find_first_not_of(c) == std::string_view::npos;
}

// "-----Original Message-----" in any language; Outlook's rule; its "From:" above "Sent:".
bool begins_original(const std::vector<std::string_view>& lines, size_t at) {
  const std::string_view line = lines[at];
  if (line.starts_with("-----") && line.ends_with("-----") && line.size() > 10) return true;
  if (all_of_one(line, '_', 10)) return true;
  if (!line.starts_with("From:") && !line.starts_with("*From:*")) return false;
  for (size_t i = at + 1; i < std::min(at + 4, lines.size()); ++i)
    for (const char* next : {"Sent:", "Date:", "To:", "*Sent:*", "*Date:*", "*To:*"})
      if (lines[i].starts_with(next)) return true;
  return false;
}

bool begins_signature(std::string_view line) {
  return line == "--" || line.starts_with("Sent from my ") || line.starts_with("Get Outlook for ");
}

// "On Mon, 23 Nov 2026, Tocsin <tocsin@example.com> wrote:", which may be broken into two lines.
void drop_attribution(std::vector<std::string_view>& own) {
  while (!own.empty() && own.back().empty()) own.pop_back();
  if (own.empty() || !own.back().ends_with(':')) return;
  const auto names_somebody = [](std::string_view line) {
    return line.find('@') != std::string_view::npos || line.starts_with("On ");
  };
  const bool whole = names_somebody(own.back());
  if (!whole && (own.size() < 2 || !names_somebody(own[own.size() - 2]))) return;
  own.pop_back();
  // The address stands in the second of two lines, the day in the first.
  const bool broken = !own.empty() && (!whole || own.back().starts_with("On "));
  if (broken) own.pop_back();
}

What command_of(std::string_view word) {
  struct Word {
    std::string_view text;
    What what;
  };
  constexpr std::array<Word, 13> kWords{{{"ack", What::kAcknowledge},
                                         {"acknowledge", What::kAcknowledge},
                                         {"acknowledged", What::kAcknowledge},
                                         {"unack", What::kUnacknowledge},
                                         {"unacknowledge", What::kUnacknowledge},
                                         {"resolve", What::kResolve},
                                         {"resolved", What::kResolve},
                                         {"close", What::kResolve},
                                         {"silence", What::kSilence},
                                         {"mute", What::kSilence},
                                         {"note", What::kNote},
                                         {"comment", What::kNote},
                                         {"acked", What::kAcknowledge}}};
  for (const Word& one : kWords)
    if (word == one.text) return one.what;
  return What::kNothing;
}

// A span behind "silence"; what is none belongs to the comment.
void read_silence(MailReply& reply) {
  reply.silence = kReplySilence;
  std::string_view rest = reply.text;
  const size_t end = std::min(rest.find_first_of(" \n"), rest.size());
  std::string word = lower(rest.substr(0, end));
  while (word.ends_with('.') || word.ends_with(',')) word.pop_back();
  const auto span = parse_duration(word);
  if (!span) return;
  reply.silence = std::clamp(*span, kReplySilenceMin, kReplySilenceMax);
  reply.text = trimmed(rest.substr(end));
}

}  // namespace

std::string_view to_text(What what) {
  switch (what) {
    case What::kNothing:
      return "nothing";
    case What::kAcknowledge:
      return "acknowledge";
    case What::kUnacknowledge:
      return "unacknowledge";
    case What::kResolve:
      return "resolve";
    case What::kSilence:
      return "silence";
    case What::kNote:
      return "note";
  }
  return "";
}

std::string unquoted_words(std::string_view mail_text) {
  const std::vector<std::string_view> lines = lines_of(mail_text);
  std::vector<std::string_view> own;
  bool in_quote = false, in_signature = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    const bool quoted = lines[i].starts_with('>');
    if (quoted && !in_quote) drop_attribution(own);
    in_quote = quoted;
    if (quoted) {
      in_signature = false;  // who answers below the quote signs above it at most
      continue;
    }
    if (begins_original(lines, i)) break;
    in_signature = in_signature || begins_signature(lines[i]);
    if (!in_signature) own.push_back(lines[i]);
  }
  std::string out;
  for (const std::string_view line : own)
    if (!line.empty() || !out.ends_with("\n\n")) out += std::string(line) + "\n";
  return cut_text(trimmed(out), kTextBytesMax);
}

MailReply read_reply(std::string_view mail_text) {
  MailReply out;
  const std::string words = unquoted_words(mail_text);
  if (words.empty()) return out;
  const size_t end = std::min(words.find_first_of(" \t\n"), words.size());
  std::string first = lower(std::string_view(words).substr(0, end));
  while (!first.empty() && std::string_view(".,:;!").find(first.back()) != std::string_view::npos)
    first.pop_back();
  out.what = command_of(first);
  out.command = out.what != What::kNothing;
  if (!out.command) {
    out.what = What::kNote;
    out.text = words;
    return out;
  }
  out.text = trimmed(std::string_view(words).substr(end));
  if (out.what == What::kSilence) read_silence(out);
  if (out.what == What::kNote && out.text.empty()) out.what = What::kNothing;
  return out;
}

}  // namespace tocsin::respond
