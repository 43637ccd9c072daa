#pragma once
// The few InfluxQL statements that senders and explorers ask before they write: databases always
// exist, measurements are the names of series, tags are labels. SELECT is refused in words.

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"
#include "vocabulary/series_table.h"

namespace tocsin::intake {

// Which label names each series' name has; follows the table, which only grows. Not locked.
// Bounded: at most 100,000 names; later ones are not listed.
class NameIndex {
 public:
  explicit NameIndex(const SeriesTable& table) : table_(table) {}
  // Looks at what is new in the table, at most 500,000 series at a time.
  void follow();
  const std::map<std::string, std::set<std::string>, std::less<>>& names() const { return names_; }

 private:
  void add(const Labels& labels);

  const SeriesTable& table_;
  uint32_t next_ = 0;
  std::map<std::string, std::set<std::string>, std::less<>> names_;
  const Labels* last_ = nullptr;  // series of one kind come in a row: looked up once
};

// Any thread, locked. Remembers the names of up to 100 databases so that they can be listed.
class InfluxQuery {
 public:
  explicit InfluxQuery(const SeriesTable& table) : table_(table), index_(table) {}
  // `text`: statements parted by ";".
  net::Response answer(std::string_view text);

 private:
  using Rows = std::vector<std::vector<std::string>>;
  struct Series {
    std::string name;
    std::vector<std::string> columns;
    Rows rows;
  };
  struct Answer {
    std::vector<Series> series;
    std::string error;
  };
  struct Statement;
  Answer run(const Statement& statement);
  Answer create_database(const Statement& statement);
  Answer show_databases() const;
  Answer show_measurements(const Statement& statement);
  Answer show_keys(const Statement& statement, bool tags);
  Answer show_tag_values(const Statement& statement) const;

  const SeriesTable& table_;
  std::mutex mutex_;  // guards what follows
  NameIndex index_;
  std::set<std::string> databases_ = {"tocsin"};
};

}  // namespace tocsin::intake
