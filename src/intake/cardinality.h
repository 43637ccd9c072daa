#pragma once
// What the series are made of, and how they grow: label names by their different values, the series
// of each label value and of each sender, per hour, and since when.
//
// Cost: once per new series, a few hash look-ups per label; nothing per point. Bounded by
// CardinalityCaps: a label with more values than that is not followed value by value (it is the
// kind that grows by itself); its values are still counted. Used under one lock: SeriesGuard's.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "intake/distinct.h"
#include "intake/growth.h"
#include "vocabulary/point.h"

namespace tocsin::intake {

struct CardinalityCaps {
  size_t labels = 1000;           // label names
  size_t values_of_label = 2048;  // followed one by one
  size_t values = 30'000;         // of all labels together
  size_t senders = 1000;
  size_t recent = 1024;  // newest series remembered
};

class Cardinality {
 public:
  static constexpr size_t kHours = 168;  // of the total
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Label {
    std::string name;
    uint64_t series = 0;  // that have it
    DistinctCounter values;
    uint64_t credited = 0;  // of values.count(): in `growth` already, or there before
    Growth growth;          // in new values
    uint32_t followed = 0;  // values followed one by one
    bool too_many = false;  // none of them any more
  };
  struct Value {
    uint32_t label = kNone;  // kNone: the place is free
    std::string text;
    uint64_t series = 0;
    Growth growth;
  };
  struct Sender {
    std::string name;     // "" = Tocsin itself
    uint64_t series = 0;  // that it was the first to send, since `since`
    Growth growth;
  };
  struct Recent {
    SeriesRef series;
    TimeMs at;
    uint32_t sender = 0;
  };

  explicit Cardinality(const CardinalityCaps& caps = {}) : caps_(caps), recent_(caps.recent) {}

  // Was there before: counts, but is no growth.
  void count(const Labels& labels) { note(labels, nullptr); }
  void added(SeriesRef series, const Labels& labels, TimeMs at, std::string_view sender);

  uint64_t series() const { return series_; }
  const HourCounts<kHours>& hours() const { return hours_; }
  const std::vector<Label>& labels() const { return labels_; }
  const std::vector<Value>& values() const { return values_; }
  const std::vector<Sender>& senders() const { return senders_; }
  std::vector<Recent> recent() const;  // newest first
  const Label* label(std::string_view name) const;
  // Label names, values and senders that came when a cap was reached and are not told apart.
  uint64_t labels_left_out() const { return labels_left_out_; }

  // How they grew; the counts are made anew from the series. docs/formats/cardinality.md.
  void save(ByteWriter& out) const;
  Result<void> load(ByteReader& in);

 private:
  void note(const Labels& labels, const TimeMs* at);
  uint32_t label_index(std::string_view name, uint64_t hash);
  Value* value_of(uint32_t label, uint64_t label_hash, std::string_view text, uint64_t hash);
  void stop_following(uint32_t label);
  Sender& sender_of(std::string_view name);

  const CardinalityCaps caps_;
  uint64_t series_ = 0;
  HourCounts<kHours> hours_;
  std::vector<Label> labels_;
  std::unordered_map<uint64_t, uint32_t> label_by_hash_;
  std::vector<Value> values_;
  std::vector<uint32_t> free_values_;
  std::unordered_map<uint64_t, uint32_t> value_by_hash_;  // of label name and value
  std::vector<Sender> senders_;
  std::unordered_map<std::string, uint32_t> sender_by_name_;
  std::vector<Recent> recent_;  // a ring
  uint64_t recent_next_ = 0;
  uint64_t labels_left_out_ = 0;
};

}  // namespace tocsin::intake
