#pragma once
// Customers: section `customers`. Each owns a view (conditions on labels) and receivers. A receiver
// that a customer owns hears of alerts that the view shows and of nothing else, whatever the routes
// say: a route that names it for others tells the others only, and groups that mix customers are
// one group per customer for it. Every alert of theirs is told to their receivers, besides whom the
// routes name.
// Immutable once read; any thread.

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/route.h"
#include "vocabulary/who.h"

namespace tocsin::supervisor {

inline constexpr size_t kCustomersMax = 10'000;

struct Customer {
  std::string name;
  LabelView view;
  Route told;  // whom of them, of which severities, how put together; its place is the customer's
};

class Customers {
 public:
  static Customers read(const config::Folder& folder, config::Problems& problems);
  static void describe(config::Reference& reference);  // type "customer"
  // A problem for every receiver named here that does not exist.
  void check_receivers(std::span<const std::string_view> known, config::Problems& problems) const;

  bool empty() const { return list_.empty(); }
  const std::vector<Customer>& list() const { return list_; }
  // Of all of them: no policy, tier or person may use these.
  std::set<std::string> receivers() const;
  // Null: nobody's.
  const Customer* owner(const std::string& receiver) const;
  // Whether that receiver may hear of an alert with these labels.
  bool may_tell(const std::string& receiver, const Labels& labels) const;

  // What routes make of an alert, with what is not for a customer taken out and what is put apart:
  // no telling holds receivers of two owners. Then their own tellings.
  void keep_apart(const Labels& labels, std::vector<Telling>& tellings) const;
  void add_own(const Labels& labels, Severity severity, std::vector<Telling>& tellings) const;

 private:
  // Indices of those that the view may show these labels to; ascending.
  std::vector<size_t> candidates(const Labels& labels) const;

  std::vector<Customer> list_;
  std::map<std::string, size_t> owners_;  // receiver -> index
  // By a condition of the view that names one value; the others are asked each time.
  std::map<std::pair<std::string, std::string>, std::vector<size_t>, std::less<>> by_value_;
  std::vector<size_t> by_other_;
};

}  // namespace tocsin::supervisor
