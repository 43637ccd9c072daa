#pragma once
// What a person's reply to a mail asks for. Pure functions.

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace tocsin::respond {

struct MailReply {
  enum class What {
    kNothing,  // no words of the person's own
    kAcknowledge,
    kUnacknowledge,
    kResolve,
    kSilence,
    kNote,
  };
  What what = What::kNothing;
  std::string text;      // behind the command, or the note
  DurationMs silence{};  // of kSilence
  bool command = false;  // a note that was asked for by that word
};
std::string_view to_text(MailReply::What what);  // "nothing", "acknowledge", ...

// The person's own words: what is quoted (lines that begin with ">", the line above that says who
// wrote it, everything behind "-----Original Message-----" and the like) and a signature are not.
std::string unquoted_words(std::string_view mail_text);

// The first word of the first line says what: ack, acknowledge; unack, unacknowledge; resolve,
// close; silence 1h (5 minutes to 7 days; an hour if nothing is said); note, comment. What follows
// is kept with it. Other words are a note. Case and a stop behind the word do not matter.
MailReply read_reply(std::string_view mail_text);

inline constexpr DurationMs kReplySilence = hours(1);
inline constexpr DurationMs kReplySilenceMin = minutes(5), kReplySilenceMax = days(7);

}  // namespace tocsin::respond
