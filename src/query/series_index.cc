#include "query/series_index.h"

#include <algorithm>

#include "query/regex_shape.h"

namespace tocsin::query {
namespace {

// Up to so many candidates are looked at one by one; more are cut with the lists of values first.
constexpr size_t kOneByOne = 512;

size_t place_of(std::string_view text, size_t places) {
  return std::hash<std::string_view>()(text) & (places - 1);
}

}  // namespace

// One matcher, or the name with a star, and what the index knows of it.
struct SeriesIndex::Condition {
  std::string_view label;
  const LabelMatcher* matcher = nullptr;  // null: prefix and suffix
  std::string_view prefix, suffix;
  bool takes_absent = false;           // series without the label match
  std::vector<std::string> literals;   // all values it matches, if they are known
  std::vector<const Postings*> lists;  // of the values that match, once looked up
  size_t refs = 0;                     // in those lists
  bool listed = false;                 // `lists` is complete

  bool matches(std::string_view value) const {
    if (matcher != nullptr) return matcher->matches(value);
    return value.size() >= prefix.size() + suffix.size() && value.starts_with(prefix) &&
           value.ends_with(suffix);
  }
};

const SeriesIndex::Value* SeriesIndex::Label::find(std::string_view text) const {
  if (places.empty()) return nullptr;
  for (size_t at = place_of(text, places.size());; at = (at + 1) & (places.size() - 1)) {
    if (places[at] == 0) return nullptr;
    const Value& value = values[places[at] - 1];
    if (value.text == text) return &value;
  }
}

void SeriesIndex::Label::grow() {
  places.assign(std::max<size_t>(4, places.size() * 2), 0);
  for (uint32_t i = 0; i < values.size(); ++i) {
    size_t at = place_of(values[i].text, places.size());
    while (places[at] != 0) at = (at + 1) & (places.size() - 1);
    places[at] = i + 1;
  }
}

SeriesIndex::Value& SeriesIndex::Label::find_or_add(std::string_view text) {
  if (const Value* const known = find(text)) return const_cast<Value&>(*known);
  if (2 * (values.size() + 1) > places.size()) grow();
  size_t at = place_of(text, places.size());
  while (places[at] != 0) at = (at + 1) & (places.size() - 1);
  values.push_back({text, {}});
  places[at] = static_cast<uint32_t>(values.size());
  return values.back();
}

SeriesIndex::SeriesIndex(const SeriesTable& table) : table_(table) {}

bool SeriesIndex::catch_up(size_t series_max) {
  if (caught_up()) return true;
  const std::lock_guard growing(growing_);
  for (const uint32_t size = table_.size(); series_max > 0;) {
    const uint32_t from = taken_.load(std::memory_order_relaxed);
    if (from >= size) return true;
    const auto count =
        static_cast<uint32_t>(std::min<size_t>({kSlice, series_max, size_t{size} - from}));
    const std::unique_lock lock(mutex_);
    for (uint32_t ref = from; ref < from + count; ++ref) take_in(ref);
    taken_.store(from + count, std::memory_order_release);
    series_max -= count;
  }
  return caught_up();
}

void SeriesIndex::take_in(uint32_t ref) {
  if (!table_.known(SeriesRef{ref})) return;
  for (const auto& [name, value] : table_.labels(SeriesRef{ref}).pairs()) {
    labels_[name].find_or_add(value).refs.add(ref);
    ++pairs_;
  }
}

const SeriesIndex::Label* SeriesIndex::label(std::string_view name) const {
  const auto found = labels_.find(name);
  return found == labels_.end() ? nullptr : &found->second;
}

std::vector<SeriesIndex::Condition> SeriesIndex::conditions_of(
    std::span<const LabelMatcher> matchers) {
  std::vector<Condition> out;
  out.reserve(matchers.size() + 1);
  for (const LabelMatcher& matcher : matchers) {
    Condition& made = out.emplace_back();
    made.label = matcher.label();
    made.matcher = &matcher;
    made.takes_absent = matcher.matches(std::string_view());
    if (matcher.op() == LabelMatcher::Op::kEqual) made.literals = {matcher.value()};
    if (matcher.op() != LabelMatcher::Op::kMatch) continue;
    RegexShape shape = shape_of(matcher.value());
    if (shape.literals) made.literals = std::move(*shape.literals);
  }
  return out;
}

std::vector<SeriesIndex::Condition> SeriesIndex::conditions_of(const SeriesSelector& selector) {
  std::vector<Condition> out = conditions_of(std::span(selector.matchers()));
  if (selector.name_prefix().empty() && selector.name_suffix().empty()) return out;
  Condition& name = out.emplace_back();
  name.label = kNameLabel;
  name.prefix = selector.name_prefix();
  name.suffix = selector.name_suffix();
  return out;
}

bool SeriesIndex::look_up(Condition& condition) const {
  if (condition.takes_absent || condition.literals.empty()) return true;
  const Label* const values = label(condition.label);
  if (values == nullptr) return false;
  std::sort(condition.literals.begin(), condition.literals.end());
  condition.literals.erase(std::unique(condition.literals.begin(), condition.literals.end()),
                           condition.literals.end());
  for (const std::string& literal : condition.literals) {
    const Value* const value = values->find(literal);
    if (value == nullptr) continue;
    condition.lists.push_back(&value->refs);
    condition.refs += value->refs.size();
  }
  condition.listed = true;
  return condition.refs > 0;
}

// Tries the condition on every value of its label.
void SeriesIndex::look_through(Condition& condition) const {
  condition.listed = true;
  const Label* const values = label(condition.label);
  if (values == nullptr) return;
  std::string prefix(condition.prefix);
  if (condition.matcher != nullptr && condition.matcher->op() == LabelMatcher::Op::kMatch)
    prefix = shape_of(condition.matcher->value()).prefix;
  for (const Value& value : values->values) {
    if (!value.text.starts_with(prefix) || !condition.matches(value.text)) continue;
    condition.lists.push_back(&value.refs);
    condition.refs += value.refs.size();
  }
}

// The refs in a condition's lists, ascending: no series is in two of them.
SeriesIndex::Refs SeriesIndex::candidates(const Condition& base) const {
  Refs out;
  out.reserve(base.refs);
  for (const Postings* list : base.lists) {
    const auto refs = list->view();
    out.insert(out.end(), refs.begin(), refs.end());
  }
  if (base.lists.size() > 1) std::sort(out.begin(), out.end());
  return out;
}

void SeriesIndex::keep_matching(const Condition& condition, Refs& refs) const {
  const auto by_series = [&](uint32_t ref) {
    return !condition.matches(table_.labels(SeriesRef{ref}).get(condition.label));
  };
  const Label* const values = label(condition.label);
  if (values == nullptr) {
    if (!condition.takes_absent) refs.clear();
    return;
  }
  // Trying every value costs more than trying every candidate, unless there are few of them.
  const bool by_value = refs.size() > kOneByOne && refs.size() > values->values.size();
  if (!by_value) {
    std::erase_if(refs, by_series);
    return;
  }
  std::vector<bool> marked(refs.back() + 1, condition.takes_absent);
  const auto mark = [&](const Postings& list, bool as) {
    for (const uint32_t ref : list.view()) {
      if (ref >= marked.size()) break;
      marked[ref] = as;
    }
  };
  if (condition.listed) {
    for (const Postings* list : condition.lists) mark(*list, true);
  } else {
    for (const Value& value : values->values) mark(value.refs, condition.matches(value.text));
  }
  std::erase_if(refs, [&](uint32_t ref) { return !marked[ref]; });
}

SeriesIndex::Match SeriesIndex::find(std::vector<Condition>& conditions, size_t limit) const {
  for (Condition& condition : conditions)
    if (!look_up(condition)) return {};
  const auto smaller = [](const Condition& a, const Condition& b) {
    return std::pair(!a.listed, a.refs) < std::pair(!b.listed, b.refs);
  };
  std::sort(conditions.begin(), conditions.end(), smaller);
  Refs refs;
  size_t used = 0;
  if (!conditions.empty() && !conditions[0].listed) {
    // No value is given literally: try the values of a label that has to be there.
    const auto any = std::find_if(conditions.begin(), conditions.end(),
                                  [](const Condition& c) { return !c.takes_absent; });
    if (any != conditions.end()) {
      look_through(*any);
      std::iter_swap(conditions.begin(), any);
    }
  }
  if (!conditions.empty() && conditions[0].listed) {
    refs = candidates(conditions[0]);
    used = 1;
  } else {
    for (uint32_t ref = 0; ref < taken_.load(std::memory_order_relaxed); ++ref)
      if (table_.known(SeriesRef{ref})) refs.push_back(ref);
  }
  for (; used < conditions.size() && !refs.empty(); ++used) keep_matching(conditions[used], refs);
  Match match;
  match.more = refs.size() > limit;
  refs.resize(std::min(refs.size(), limit));
  match.series.reserve(refs.size());
  for (const uint32_t ref : refs) match.series.push_back(SeriesRef{ref});
  return match;
}

SeriesIndex::Match SeriesIndex::find(std::span<const LabelMatcher> matchers, size_t limit) {
  catch_up();
  std::vector<Condition> conditions = conditions_of(matchers);
  const std::shared_lock lock(mutex_);
  return find(conditions, limit);
}

SeriesIndex::Match SeriesIndex::find(const SeriesSelector& selector, size_t limit) {
  catch_up();
  std::vector<Condition> conditions = conditions_of(selector);
  const std::shared_lock lock(mutex_);
  return find(conditions, limit);
}

bool SeriesIndex::is_quick(const SeriesSelector& selector, size_t refs_max) const {
  if (!caught_up()) return false;
  std::vector<Condition> conditions = conditions_of(selector);
  const std::shared_lock lock(mutex_);
  size_t least = SIZE_MAX;
  for (Condition& condition : conditions) {
    if (!look_up(condition)) return true;
    if (condition.listed) least = std::min(least, condition.refs);
  }
  return least <= refs_max;
}

// ---- Names and values

namespace {

std::vector<std::string_view> sorted_unique(std::vector<std::string_view> texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

void put_largest_first(std::vector<SeriesIndex::Count>& counts, size_t limit) {
  const auto larger = [](const SeriesIndex::Count& a, const SeriesIndex::Count& b) {
    return a.count != b.count ? a.count > b.count : a.text < b.text;
  };
  const size_t kept = std::min(limit, counts.size());
  std::partial_sort(counts.begin(), counts.begin() + static_cast<long>(kept), counts.end(), larger);
  counts.resize(kept);
}

}  // namespace

std::vector<std::string_view> SeriesIndex::label_names() {
  catch_up();
  const std::shared_lock lock(mutex_);
  std::vector<std::string_view> out;
  out.reserve(labels_.size());
  for (const auto& [name, label] : labels_) out.push_back(name);
  return sorted_unique(std::move(out));
}

std::vector<std::string_view> SeriesIndex::label_names(std::span<const SeriesRef> series) const {
  std::unordered_map<std::string_view, bool> seen;
  for (const SeriesRef ref : series)
    for (const auto& [name, value] : table_.labels(ref).pairs()) seen.emplace(name, true);
  std::vector<std::string_view> out;
  for (const auto& [name, _] : seen) out.push_back(name);
  return sorted_unique(std::move(out));
}

std::vector<std::string_view> SeriesIndex::label_values(std::string_view name) {
  catch_up();
  const std::shared_lock lock(mutex_);
  const Label* const found = label(name);
  if (found == nullptr) return {};
  std::vector<std::string_view> out;
  out.reserve(found->values.size());
  for (const Value& value : found->values) out.push_back(value.text);
  return sorted_unique(std::move(out));
}

std::vector<std::string_view> SeriesIndex::label_values(std::string_view name,
                                                        std::span<const SeriesRef> series) const {
  std::vector<std::string_view> out;
  for (const SeriesRef ref : series)
    if (const std::string_view value = table_.labels(ref).get(name); !value.empty())
      out.push_back(value);
  return sorted_unique(std::move(out));
}

std::vector<SeriesIndex::Count> SeriesIndex::largest_labels(size_t limit) {
  catch_up();
  const std::shared_lock lock(mutex_);
  std::vector<Count> out;
  for (const auto& [name, label] : labels_) out.push_back({name, label.values.size()});
  put_largest_first(out, limit);
  return out;
}

std::vector<SeriesIndex::Count> SeriesIndex::largest_values(std::string_view name, size_t limit) {
  catch_up();
  const std::shared_lock lock(mutex_);
  std::vector<Count> out;
  if (const Label* const found = label(name))
    for (const Value& value : found->values) out.push_back({value.text, value.refs.size()});
  put_largest_first(out, limit);
  return out;
}

size_t SeriesIndex::pair_count() {
  catch_up();
  const std::shared_lock lock(mutex_);
  size_t count = 0;
  for (const auto& [name, label] : labels_) count += label.values.size();
  return count;
}

size_t SeriesIndex::bytes() const {
  const std::shared_lock lock(mutex_);
  size_t out = labels_.size() * (sizeof(Label) + 48);
  for (const auto& [name, label] : labels_) {
    out += label.values.capacity() * sizeof(Value) + label.places.capacity() * sizeof(uint32_t);
    for (const Value& value : label.values) out += value.refs.heap_bytes();
  }
  return out;
}

}  // namespace tocsin::query
