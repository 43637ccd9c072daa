#include "intake/influx_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/json_writer.h"
#include "base/text.h"
#include "intake/influx_answer.h"

namespace tocsin::intake {
namespace {

constexpr size_t kDatabasesMax = 100;
constexpr size_t kNamesMax = 100'000;
constexpr size_t kRowsMax = 10'000;
constexpr uint32_t kSeriesPerCall = 500'000;  // some 10 ms: a loop waits for it
constexpr size_t kStatementsMax = 100;
constexpr size_t kQueryBytesMax = 64 * 1024;

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
  return out;
}

struct Word {
  std::string text;
  bool quoted = false;
};

// Statements as words: quotes are undone, "=", "," and parentheses are words of their own.
std::vector<std::vector<Word>> read_statements(std::string_view text) {
  std::vector<std::vector<Word>> statements(1);
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at;
    } else if (c == ';') {
      statements.emplace_back();
      ++at;
    } else if (c == '"' || c == '\'') {
      Word word{.text = {}, .quoted = true};
      for (++at; at < text.size() && text[at] != c; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        word.text += text[at];
      }
      ++at;
      statements.back().push_back(std::move(word));
    } else if (std::string_view("=,()").find(c) != std::string_view::npos) {
      statements.back().push_back({std::string(1, c), false});
      ++at;
    } else {
      const size_t end = std::min(text.find_first_of(" \t\r\n;\"'=,()", at), text.size());
      statements.back().push_back({std::string(text.substr(at, end - at)), false});
      at = end;
    }
  }
  std::erase_if(statements, [](const auto& words) { return words.empty(); });
  return statements;
}

bool same_label_names(const Labels& a, const Labels& b) {
  return std::equal(a.pairs().begin(), a.pairs().end(), b.pairs().begin(), b.pairs().end(),
                    [](const auto& x, const auto& y) { return x.first == y.first; });
}

}  // namespace

struct InfluxQuery::Statement {
  std::vector<Word> words;

  bool starts(std::initializer_list<std::string_view> keywords) const {
    size_t at = 0;
    for (const std::string_view keyword : keywords) {
      if (at >= words.size() || words[at].quoted || upper(words[at].text) != keyword) return false;
      ++at;
    }
    return true;
  }
  // The word behind a keyword, jumping over "=" signs.
  std::optional<std::string> behind(std::string_view keyword) const {
    for (size_t at = 0; at + 1 < words.size(); ++at) {
      if (words[at].quoted || upper(words[at].text) != keyword) continue;
      for (++at; at < words.size(); ++at)
        if (words[at].quoted || words[at].text != "=") return words[at].text;
    }
    return std::nullopt;
  }
  size_t limit() const {
    const auto text = behind("LIMIT");
    const auto number = text ? parse_int(*text) : std::nullopt;
    if (!number || *number <= 0) return kRowsMax;
    return std::min(static_cast<size_t>(*number), kRowsMax);
  }
};

void NameIndex::follow() {
  const uint32_t end = std::min(table_.size(), next_ + kSeriesPerCall);
  for (; next_ < end; ++next_) {
    if (!table_.known({next_})) continue;
    const Labels& labels = table_.labels({next_});
    if (last_ == nullptr || last_->name() != labels.name() || !same_label_names(*last_, labels))
      add(labels);
    last_ = &labels;
  }
}

void NameIndex::add(const Labels& labels) {
  auto found = names_.find(labels.name());
  if (found == names_.end()) {
    if (names_.size() >= kNamesMax) return;
    found = names_.emplace(labels.name(), std::set<std::string>{}).first;
  }
  for (const auto& [name, value] : labels.pairs())
    if (name != kNameLabel) found->second.emplace(name);
}

net::Response InfluxQuery::answer(std::string_view text) {
  if (text.size() > kQueryBytesMax)
    return influx_v1_error(413, fmt::format("the query has {} bytes; at most {} are accepted",
                                            text.size(), kQueryBytesMax));
  const auto statements = read_statements(text);
  if (statements.empty()) return influx_v1_error(400, "missing required parameter \"q\"");
  if (statements.size() > kStatementsMax)
    return influx_v1_error(400, fmt::format("more than {} statements", kStatementsMax));
  JsonWriter json;
  json.begin_object().key("results").begin_array();
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < statements.size(); ++i) {
    const Answer answer = run(Statement{statements[i]});
    json.begin_object().member("statement_id", i);
    if (!answer.error.empty()) json.member("error", answer.error);
    if (!answer.series.empty()) json.key("series").begin_array();
    for (const Series& series : answer.series) {
      json.begin_object();
      if (!series.name.empty()) json.member("name", series.name);
      json.key("columns").begin_array();
      for (const auto& column : series.columns) json.string(column);
      json.end_array().key("values").begin_array();
      for (const auto& row : series.rows) {
        json.begin_array();
        for (const auto& value : row) json.string(value);
        json.end_array();
      }
      json.end_array().end_object();
    }
    if (!answer.series.empty()) json.end_array();
    json.end_object();
  }
  json.end_array().end_object();
  net::Response response = net::Response::json(200, json.take());
  response.headers.add("X-Influxdb-Version", std::string(kInfluxVersion));
  return response;
}

InfluxQuery::Answer InfluxQuery::run(const Statement& statement) {
  if (statement.starts({"CREATE", "DATABASE"})) return create_database(statement);
  if (statement.starts({"SHOW", "DATABASES"})) return show_databases();
  if (statement.starts({"SHOW", "MEASUREMENTS"})) return show_measurements(statement);
  if (statement.starts({"SHOW", "TAG", "KEYS"})) return show_keys(statement, true);
  if (statement.starts({"SHOW", "FIELD", "KEYS"})) return show_keys(statement, false);
  if (statement.starts({"SHOW", "TAG", "VALUES"})) return show_tag_values(statement);
  if (statement.starts({"SHOW", "RETENTION", "POLICIES"})) {
    const std::vector<std::string> columns = {"name", "duration", "shardGroupDuration", "replicaN",
                                              "default"};
    return {{Series{"", columns, {{"autogen", "0s", "168h0m0s", "1", "true"}}}}, ""};
  }
  if (statement.starts({"SELECT"}))
    return {{},
            "Tocsin does not run InfluxQL SELECT statements; read points with "
            "GET /api/series/range?match=NAME{label=\"value\"}&from=&to="};
  std::string text;
  for (const Word& word : statement.words) text += (text.empty() ? "" : " ") + word.text;
  return {{},
          fmt::format("cannot run \"{}\": Tocsin answers CREATE DATABASE, SHOW DATABASES, "
                      "SHOW MEASUREMENTS, SHOW TAG KEYS, SHOW TAG VALUES, SHOW FIELD KEYS and "
                      "SHOW RETENTION POLICIES",
                      cut_text(text, 100))};
}

InfluxQuery::Answer InfluxQuery::create_database(const Statement& statement) {
  if (statement.words.size() < 3 || statement.words[2].text.empty())
    return {{}, "CREATE DATABASE needs a name"};
  if (databases_.size() < kDatabasesMax) databases_.insert(cut_text(statement.words[2].text, 200));
  return {};
}

InfluxQuery::Answer InfluxQuery::show_databases() const {
  Series series{"databases", {"name"}, {}};
  for (const auto& name : databases_) series.rows.push_back({name});
  return {{std::move(series)}, ""};
}

InfluxQuery::Answer InfluxQuery::show_measurements(const Statement& statement) {
  index_.follow();
  const size_t limit = statement.limit();
  const auto only = statement.behind("MEASUREMENT");
  Series series{"measurements", {"name"}, {}};
  for (const auto& [name, keys] : index_.names()) {
    if (series.rows.size() == limit) break;
    if (!only || *only == name) series.rows.push_back({name});
  }
  if (series.rows.empty()) return {};
  return {{std::move(series)}, ""};
}

InfluxQuery::Answer InfluxQuery::show_keys(const Statement& statement, bool tags) {
  index_.follow();
  const size_t limit = statement.limit();
  const auto only = statement.behind("FROM");
  Answer answer;
  for (const auto& [name, keys] : index_.names()) {
    if (only && *only != name) continue;
    if (answer.series.size() == kRowsMax) break;
    Series series{name, {"tagKey"}, {}};
    if (!tags) series.columns = {"fieldKey", "fieldType"};
    if (!tags) series.rows.push_back({"value", "float"});
    for (const auto& key : keys)
      if (tags && series.rows.size() < limit) series.rows.push_back({key});
    if (!series.rows.empty()) answer.series.push_back(std::move(series));
  }
  return answer;
}

InfluxQuery::Answer InfluxQuery::show_tag_values(const Statement& statement) const {
  const auto key = statement.behind("KEY");
  if (!key) return {{}, "SHOW TAG VALUES needs WITH KEY = \"label\""};
  const auto only = statement.behind("FROM");
  const size_t limit = statement.limit();
  std::map<std::string, std::set<std::string>> found;  // values by series' name
  size_t count = 0;
  const uint32_t end = std::min(table_.size(), kSeriesPerCall);
  for (uint32_t i = 0; i < end && count < limit; ++i) {
    if (!table_.known({i})) continue;
    const Labels& labels = table_.labels({i});
    const std::string_view value = labels.get(*key);
    if (value.empty() || (only && *only != labels.name())) continue;
    if (found[std::string(labels.name())].emplace(value).second) ++count;
  }
  Answer answer;
  for (const auto& [name, values] : found) {
    Series series{name, {"key", "value"}, {}};
    for (const auto& value : values) series.rows.push_back({*key, value});
    answer.series.push_back(std::move(series));
  }
  return answer;
}

}  // namespace tocsin::intake
