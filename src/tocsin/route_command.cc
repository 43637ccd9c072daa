// `tocsin route test`: who would be told of an alert, by a folder of files. Nothing is sent; no
// server is asked. Overrides of shifts that people made on the pages are not in the files.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "base/clock.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "server/json_escalation.h"
#include "supervisor/preview.h"
#include "tocsin/call_directory.h"
#include "tocsin/commands.h"

namespace tocsin {
namespace {

constexpr size_t kNextMax = 50;    // calls foretold
constexpr int kOthersAreTold = 3;  // exit status: not those that --expect names

struct Question {
  Labels labels;
  Severity severity = Severity::kCritical;
  TimeMs at;
};

struct WhoIsTold {
  supervisor::EscalationPreview preview;
  bool by_tier = false;  // the files have no routes: the severity decides
};

std::string joined(const std::vector<std::string>& words, std::string_view none = "") {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out.empty() ? std::string(none) : out;
}

Result<Severity> parse_tier(const std::string& word) {
  for (const Severity each : {Severity::kCritical, Severity::kHigh, Severity::kLow})
    if (to_text(each) == word) return each;
  return fail(ErrorCode::kInvalid,
              fmt::format("reading --severity failed: it is critical, high or low, not \"{}\"",
                          cut_text(word, 50)));
}

Result<Labels::Pair> parse_label(const std::string& text) {
  const size_t sign = text.find('=');
  if (sign == std::string::npos || sign == 0)
    return fail(ErrorCode::kInvalid,
                fmt::format("reading the label \"{}\" failed: expected name=value, such as "
                            "site=madrid",
                            cut_text(text, 100)));
  std::string value = text.substr(sign + 1);
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    value = value.substr(1, value.size() - 2);
  return Labels::Pair{text.substr(0, sign), value};
}

// Labels as an alert has them: `rule` is also `alertname`, and there is always a severity.
Result<Question> read_question(const RouteTestOptions& options,
                               const supervisor::Options& settings) {
  Question out;
  std::vector<Labels::Pair> pairs;
  std::string rule, told_severity;
  for (const std::string& text : options.labels) {
    auto pair = parse_label(text);
    if (!pair) return fail(pair.error());
    if (pair->first == "rule" || pair->first == "alertname") rule = pair->second;
    if (pair->first == "severity") told_severity = pair->second;
    pairs.push_back(std::move(*pair));
  }
  if (!told_severity.empty()) out.severity = settings.severity_of(told_severity);
  if (!options.severity.empty()) {
    const auto tier = parse_tier(options.severity);
    if (!tier) return fail(tier.error());
    out.severity = *tier;
  }
  if (told_severity.empty()) pairs.emplace_back("severity", to_text(out.severity));
  if (!rule.empty()) {
    pairs.emplace_back("rule", rule);
    pairs.emplace_back("alertname", rule);
  }
  out.labels = Labels(std::move(pairs));
  out.at = SystemClock().now();
  if (options.at.empty()) return out;
  const auto at = parse_time(options.at);
  if (!at)
    return fail(ErrorCode::kInvalid,
                fmt::format("reading --at failed: expected a time such as 2026-11-23T14:00:00Z, "
                            "not \"{}\"",
                            cut_text(options.at, 50)));
  out.at = *at;
  return out;
}

WhoIsTold who_is_told(const Configuration& made, const Question& question) {
  WhoIsTold out;
  const CallDirectory directory(oncall::OnCall(made.roster, {}), made.receivers,
                                made.tiers.admins());
  out.preview = supervisor::preview_of({made.routes, made.escalation.get(), directory},
                                       question.labels, question.severity, question.at, kNextMax);
  out.by_tier = made.folder.section("routes").empty();
  return out;
}

std::string grouping_text(const std::optional<supervisor::Grouping>& grouping) {
  if (!grouping) return "each alert alone, at once";
  const std::string by = grouping->by_all       ? "by all labels"
                         : grouping->by.empty() ? "all in one group"
                                                : "by " + joined(grouping->by);
  return fmt::format("grouped {}; first message after {}, then at most one per {}", by,
                     to_text(grouping->wait), to_text(grouping->interval));
}

std::string repeat_text(const std::optional<supervisor::Repeat>& repeat) {
  if (!repeat) return "told once";
  return fmt::format(
      "told again while nobody acknowledges: after {}, each wait {} times the last, "
      "at most {}",
      to_text(repeat->first), number_text(repeat->factor), to_text(repeat->max));
}

std::string print_text(const Question& question, const WhoIsTold& found) {
  std::string out =
      fmt::format("An alert with {}, {}, at {}\n\nroutes that match:\n", question.labels.text(),
                  to_text(question.severity), to_iso(question.at));
  if (found.by_tier)
    out += "  there are no routes: the severity decides (tiers)\n";
  else if (found.preview.routes.empty())
    out += "  none: the inbox of last resort\n";
  else
    for (const std::string& place : found.preview.routes) out += "  " + place + "\n";
  out += "\ntold:\n";
  for (const auto& telling : found.preview.tellings) {
    const std::string owner = telling.customer.empty() ? "" : ", customer " + telling.customer;
    const std::string quiet =
        telling.quiet ? fmt::format("    not now: kept quiet by {} until {}\n", telling.quiet->by,
                                    to_iso(telling.quiet->until))
                      : "";
    out += fmt::format("  {}{}{}\n{}    {}\n    {}\n", joined(telling.receivers),
                       telling.route.empty() ? "" : " (" + telling.route + ")", owner, quiet,
                       grouping_text(telling.grouping), repeat_text(telling.repeat));
  }
  if (found.preview.tellings.empty()) out += "  nobody but those that the policy calls\n";
  out +=
      fmt::format("\npolicy: {}\n", found.preview.policy.empty() ? "none" : found.preview.policy);
  for (const EscalationNext& next : found.preview.next)
    out += fmt::format("  {}  {}\n", to_iso(next.at), next.text);
  return out;
}

std::string print_json(const Question& question, const WhoIsTold& found) {
  JsonWriter json;
  json.begin_object().key("labels").begin_object();
  for (const auto& [name, value] : question.labels.pairs()) json.member(name, value);
  json.end_object()
      .member("severity", to_text(question.severity))
      .member("at", question.at.ms)
      .member("by_tier", found.by_tier)
      .key("preview");
  server::write_preview(json, found.preview);
  json.end_object();
  return json.take() + "\n";
}

}  // namespace

int route_test(const RouteTestOptions& options) {
  const auto made = Configuration::load(options.config);
  if (!made) return failed(made.error());
  const auto question = read_question(options, (*made)->supervisor);
  if (!question) return failed(question.error());
  const WhoIsTold found = who_is_told(**made, *question);
  std::fputs((options.json ? print_json : print_text)(*question, found).c_str(), stdout);
  if (options.expect.empty()) return 0;
  const std::set<std::string> wanted(options.expect.begin(), options.expect.end());
  const std::set<std::string> told(found.preview.receivers.begin(), found.preview.receivers.end());
  if (wanted == told) return 0;
  std::fprintf(stderr, "tocsin: expected that %s would be told, not %s\n",
               joined({wanted.begin(), wanted.end()}).c_str(),
               joined({told.begin(), told.end()}, "nobody").c_str());
  return kOthersAreTold;
}

}  // namespace tocsin
