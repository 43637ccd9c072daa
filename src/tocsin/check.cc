#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "base/clock.h"
#include "oncall/linter.h"
#include "tocsin/builtin.h"
#include "tocsin/commands.h"

namespace tocsin {

int failed(const Error& error) {
  std::fprintf(stderr, "tocsin: %s\n", error.text().c_str());
  return 1;
}

namespace {

std::string counted(size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// People's own receivers are no section of the files.
bool is_of_a_person(const respond::Receiver& item) { return item.name.find('/') != item.name.npos; }
template <class Item>
bool is_of_a_person(const Item&) {
  return false;
}

// Workers, rules or receivers of the files, not what is built in.
template <class Items>
size_t configured(const Items& items) {
  return static_cast<size_t>(std::count_if(items.begin(), items.end(), [](const auto& item) {
    return !item.place.empty() && !is_builtin(item.place) && !is_of_a_person(item);
  }));
}

std::string summary(const Configuration& made) {
  size_t prometheus = 0;
  for (const auto& entry : made.prometheus_rules.groups) prometheus += entry.group.rules.size();
  const std::string rota = made.roster->schedules().empty()
                               ? ""
                               : fmt::format(", {} people, ", made.roster->people().size()) +
                                     counted(made.roster->schedules().size(), "schedule");
  const std::string more = prometheus == 0 ? "" : ", " + counted(prometheus, "Prometheus rule");
  return fmt::format("{}, {}, {}, {}{}", counted(made.folder.files().size(), "file"),
                     counted(configured(made.workers->workers()), "worker"),
                     counted(configured(made.rules->rules()), "rule"),
                     counted(configured(made.receivers->list()), "receiver"), more + rota);
}

// What is wrong with the rotas in the next weeks; overrides are the server's.
void print_rota(const Configuration& made) {
  for (const oncall::Finding& one :
       oncall::lint(oncall::OnCall(made.roster, {}), made.lint_facts(), SystemClock().now()))
    std::fprintf(stderr, "%s: %s: %s\n", one.warning() ? "warning" : "note",
                 std::string(to_text(one.kind)).c_str(), one.text.c_str());
}

}  // namespace

int run_check(const std::string& directory) {
  config::Problems problems;
  config::Folder folder = config::Folder::load(directory, problems);
  const auto made = Configuration::build(std::move(folder), directory, problems);
  if (!problems.empty()) {
    std::fputs(problems.text().c_str(), stderr);
    std::fprintf(stderr, "%s in %s; a server would keep its running configuration\n",
                 counted(problems.list().size(), "problem").c_str(), directory.c_str());
    return 1;
  }
  for (const config::Problem& note : made->rules->notes())
    std::fprintf(stderr, "note: %s\n", note.text().c_str());
  print_rota(*made);
  for (const config::Problem& note : made->notes)
    std::fprintf(stderr, "note: %s\n", note.text().c_str());
  std::printf("%s is fine: %s\n", directory.c_str(), summary(*made).c_str());
  return 0;
}

}  // namespace tocsin
