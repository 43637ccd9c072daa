#include "respond/receiver.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "config/reader.h"
#include "respond/http_options.h"
#include "respond/inbox.h"
#include "respond/kinds.h"

namespace tocsin::respond {
namespace {

using config::MapReader;

constexpr size_t kReceiversMax = 500;

bool valid_name(const std::string& name) {
  return !name.empty() && name.size() <= 100 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c >= 0x80 || std::strchr(" ._-", c) != nullptr;
         });
}

std::vector<std::string_view> kind_names() {
  std::vector<std::string_view> out;
  for (const Kind& kind : kinds()) out.push_back(kind.name);
  return out;
}

TargetPtr read_target(MapReader& m, const SecretSources& sources) {
  const std::vector<std::string_view> names = kind_names();
  const size_t chosen = m.choice("kind", names, "",
                                 "What it is. A key below that names kinds belongs to those, the "
                                 "rest to all that need it.");
  if (!m.describing()) return kinds()[chosen].read(m, sources);
  // Every kind is asked, so that the reference holds all keys.
  for (const Kind& kind : kinds()) kind.read(m, sources);
  return std::make_shared<InboxTarget>();
}

Template read_words(MapReader& m, const char* key, const char* doc) {
  const std::string text = m.value<std::string>(key, "", doc);
  auto out = Template::parse(text);
  if (out) return std::move(*out);
  m.problem(key, out.error().message);
  return {};
}

Receiver read_receiver(MapReader& m, const SecretSources& sources) {
  Receiver out;
  out.name = m.required<std::string>("name", "Unique name; routes name it.");
  out.place = m.place().file_line();
  if (!m.describing() && m.has("name") && !valid_name(out.name))
    m.problem("name", "a name has 1 to 100 letters, digits, blanks, dots, dashes or underscores");
  out.target = read_target(m, sources);
  out.updates = m.value<bool>("updates", !m.describing() && out.target->edits(),
                              "Whether changes of an open alert are sent, not only its opening and "
                              "end. On for what edits or follows up what it said: slack with a "
                              "token, incident and ticket services, inbox.");
  if (out.updates && !out.target->no_updates().empty())
    m.problem("updates", std::string(out.target->no_updates()));
  out.title = read_words(m, "title",
                         "Template of the sentence, instead of the alert's own: \"{severity} in "
                         "{label.site|everywhere}: {summary}\".");
  out.text = read_words(m, "text", "Template of the description; the fields are the same.");
  const int64_t parallel = m.value<int64_t>("parallel", 4, "Requests at once; 1 to 32.");
  if (parallel < 1 || parallel > 32) m.problem("parallel", "must be 1 to 32");
  out.parallel = static_cast<size_t>(std::clamp<int64_t>(parallel, 1, 32));
  return out;
}

void read_links(MapReader& m, Links& out) {
  out.external_url = m.value<std::string>("external_url", out.external_url,
                                          "Where people reach these pages; base of all links.");
  out.grafana = m.value<std::string>("grafana", "",
                                     "Template of a link to Grafana: {{ label }} of the alert, "
                                     "{{ from }} and {{ to }} in unix milliseconds.");
  out.external_url_given = m.has("external_url");
  check_url(m, "external_url", out.external_url);
  if (const auto good = check_link_template(out.grafana); !good)
    m.problem("grafana", good.error().message);
  while (!out.external_url.empty() && out.external_url.back() == '/') out.external_url.pop_back();
}

}  // namespace

Result<Receiver> receiver_for(std::string_view kind, const std::string& address,
                              const Receiver& base) {
  if (base.kind() != kind)
    return fail(ErrorCode::kInvalid,
                fmt::format("receiver {} is of kind {}, not {}", base.name, base.kind(), kind));
  auto target = base.target->for_address(address);
  if (!target) return fail(target.error());
  Receiver out = base;
  out.target = std::move(*target);
  return out;
}

std::string own_words(const Receiver& receiver, Message& message) {
  std::string failures;
  std::optional<std::string> title, text;
  const auto fill = [&](const char* key, const Template& words, std::optional<std::string>& out) {
    if (words.empty()) return;
    auto filled = words.fill(message);
    if (filled)
      out = std::move(*filled);
    else
      failures += fmt::format("; template {} not used: {}", key, filled.error().message);
  };
  fill("title", receiver.title, title);
  fill("text", receiver.text, text);
  message.notice.title = std::move(title);
  message.notice.text = std::move(text);
  return failures;
}

bool Receivers::add(Receiver receiver) {
  if (find(receiver.name) != nullptr) return false;
  list_.push_back(std::move(receiver));
  return true;
}

void Receivers::set_customers(const std::set<std::string>& names) {
  for (Receiver& one : list_) one.customers = names.contains(one.name);
}

Receivers Receivers::read(const config::Folder& folder, const SecretSources& secrets,
                          config::Problems& problems) {
  Receivers out;
  folder.for_each("receivers", "receiver", problems, [&](MapReader& m) {
    Receiver receiver = read_receiver(m, secrets);
    if (out.find(receiver.name) != nullptr)
      m.problem("name", "receiver \"" + receiver.name + "\" stands twice; names are unique");
    if (out.list_.size() == kReceiversMax)
      m.problem("name", fmt::format("more than {} receivers", kReceiversMax));
    if (out.list_.size() < kReceiversMax) out.list_.push_back(std::move(receiver));
  });
  folder.single("links", "links", problems, [&](MapReader& m) { read_links(m, out.links_); });
  // Routes fall back to it, so that nothing is dropped in silence.
  out.add(
      {.name = "inbox", .place = "", .updates = true, .target = std::make_shared<InboxTarget>()});
  return out;
}

void Receivers::describe(config::Reference& reference) {
  config::Problems problems;
  if (reference.begin_type("receiver")) {
    MapReader receiver(reference, "receiver", problems);
    read_receiver(receiver, SecretSources{});
  }
  if (reference.begin_type("links")) {
    MapReader links(reference, "links", problems);
    Links unused;
    read_links(links, unused);
  }
}

const Receiver* Receivers::find(std::string_view name) const {
  const auto found = std::find_if(list_.begin(), list_.end(),
                                  [&](const Receiver& each) { return each.name == name; });
  return found == list_.end() ? nullptr : &*found;
}

std::vector<std::string> Receivers::names() const {
  std::vector<std::string> out;
  for (const Receiver& each : list_) out.push_back(each.name);
  return out;
}

}  // namespace tocsin::respond
