#include "supervisor/customer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "supervisor/route_reader.h"

namespace tocsin::supervisor {
namespace {

void read_view(config::MapReader& m, Customer& out) {
  const auto text = m.required<std::string>(
      "view",
      "Conditions on labels that say which alerts are theirs, such as customer=\"acme\"; all must "
      "hold. The same words restrict a user or a token to what is theirs.");
  if (m.describing() || m.refused("view")) return;
  auto view = LabelView::parse(text);
  if (!view) return m.problem("view", view.error().message);
  if (view->everything())
    return m.problem("view", "has no condition; write one such as customer=\"acme\"");
  out.view = std::move(*view);
  out.told.match = out.view.matchers;
}

void read_customer(config::MapReader& m, Customer& out) {
  out.told.place = m.place();
  out.name = m.required<std::string>("name", "Who it is; shown, and part of no message.");
  read_view(m, out);
  out.told.receivers = m.required<std::vector<std::string>>(
      "receivers",
      "Receivers that are theirs alone: told of every alert that the view shows, of no other, and "
      "without links that act. No other customer, policy or tier may name them.");
  for (size_t i = 0; i < out.told.receivers.size(); ++i)
    out.told.receivers_places.push_back(m.place("receivers", i));
  read_severities(m, out.told);
  read_grouping(m, out.told);
  read_repeats(m, out.told);
}

}  // namespace

Customers Customers::read(const config::Folder& folder, config::Problems& problems) {
  Customers out;
  std::set<std::string> names;
  folder.for_each("customers", "customer", problems, [&](config::MapReader& m) {
    Customer one;
    read_customer(m, one);
    if (out.list_.size() >= kCustomersMax)
      return m.problem("name", fmt::format("there are more than {} customers", kCustomersMax));
    if (!one.name.empty() && !names.insert(one.name).second)
      m.problem("name", fmt::format("there are two customers \"{}\"", one.name));
    for (size_t i = 0; i < one.told.receivers.size(); ++i) {
      const std::string& receiver = one.told.receivers[i];
      if (receiver == kInboxReceiver)
        m.problem("receivers", i, "the inbox is for everybody; name a receiver of their own");
      else if (const auto [at, mine] = out.owners_.emplace(receiver, out.list_.size()); !mine)
        m.problem("receivers", i,
                  fmt::format("\"{}\" belongs to {} already; a receiver has one owner", receiver,
                              at->second == out.list_.size() ? "this customer"
                                                             : out.list_[at->second].name));
    }
    out.list_.push_back(std::move(one));
  });
  for (size_t i = 0; i < out.list_.size(); ++i) {
    const auto& matchers = out.list_[i].view.matchers;
    const auto equal = std::find_if(matchers.begin(), matchers.end(), [](const LabelMatcher& m) {
      return m.op() == LabelMatcher::Op::kEqual;
    });
    (equal == matchers.end() ? out.by_other_ : out.by_value_[{equal->label(), equal->value()}])
        .push_back(i);
  }
  return out;
}

std::vector<size_t> Customers::candidates(const Labels& labels) const {
  std::vector<size_t> out = by_other_;
  for (const auto& [name, value] : labels.pairs())
    if (const auto found = by_value_.find(std::pair(std::string(name), std::string(value)));
        found != by_value_.end())
      out.insert(out.end(), found->second.begin(), found->second.end());
  std::sort(out.begin(), out.end());
  return out;
}

void Customers::describe(config::Reference& reference) {
  config::Problems none;
  if (!reference.begin_type("customer")) return;
  config::MapReader m(reference, "customer", none);
  Customer one;
  read_customer(m, one);
}

void Customers::check_receivers(std::span<const std::string_view> known,
                                config::Problems& problems) const {
  for (const Customer& one : list_)
    for (size_t i = 0; i < one.told.receivers.size(); ++i) {
      const std::string& name = one.told.receivers[i];
      if (name == kInboxReceiver || std::find(known.begin(), known.end(), name) != known.end())
        continue;
      const std::string_view near = nearest_word(name, known);
      problems.add(one.told.receivers_places[i],
                   fmt::format("receivers: there is no receiver \"{}\"{}", name,
                               near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
    }
}

std::set<std::string> Customers::receivers() const {
  std::set<std::string> out;
  for (const auto& [name, owner] : owners_) out.insert(name);
  return out;
}

const Customer* Customers::owner(const std::string& receiver) const {
  const auto found = owners_.find(receiver);
  return found == owners_.end() ? nullptr : &list_[found->second];
}

bool Customers::may_tell(const std::string& receiver, const Labels& labels) const {
  const Customer* theirs = owner(receiver);
  return theirs == nullptr || theirs->view.shows(labels);
}

void Customers::keep_apart(const Labels& labels, std::vector<Telling>& tellings) const {
  if (owners_.empty()) return;
  std::vector<Telling> out;
  for (Telling& telling : tellings) {
    std::map<size_t, std::vector<std::string>> apart;  // by customer
    std::erase_if(telling.receivers, [&](const std::string& name) {
      const auto theirs = owners_.find(name);
      if (theirs == owners_.end()) return false;
      if (list_[theirs->second].view.shows(labels)) apart[theirs->second].push_back(name);
      return true;
    });
    if (!telling.receivers.empty()) out.push_back(std::move(telling));
    for (auto& [customer, names] : apart)
      out.push_back({telling.route, std::move(names), telling.grouping, telling.repeat,
                     telling.timed, telling.quiet});
  }
  tellings = std::move(out);
}

void Customers::add_own(const Labels& labels, Severity severity,
                        std::vector<Telling>& tellings) const {
  if (list_.empty()) return;
  std::set<std::string> told;
  for (const Telling& telling : tellings)
    told.insert(telling.receivers.begin(), telling.receivers.end());
  for (const size_t index : candidates(labels)) {
    const Customer& one = list_[index];
    if (!one.told.matches(labels, severity)) continue;
    Telling telling{one.told.place.file_line(), {}, nullptr, nullptr};
    for (const std::string& name : one.told.receivers)
      if (told.insert(name).second) telling.receivers.push_back(name);
    if (telling.receivers.empty()) continue;
    std::sort(telling.receivers.begin(), telling.receivers.end());
    if (one.told.grouping) telling.grouping = &*one.told.grouping;
    if (one.told.repeat) telling.repeat = &*one.told.repeat;
    tellings.push_back(std::move(telling));
  }
}

}  // namespace tocsin::supervisor
