#include "replay/detect_writer.h"

#include <cmath>

#include "base/json_writer.h"
#include "base/text.h"

namespace tocsin::replay {
namespace {

void append_csv(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

bool has_band(const DetectAnswer& answer) { return answer.kind == DetectAnswer::Kind::kJudged; }

}  // namespace

void DetectWriter::header(std::string& out) const {
  if (format_ == DetectFormat::kJson) return;
  if (!file_.empty()) out += "file,";
  out += "timestamp,value,score,expected,lower,upper,violation\n";
}

void DetectWriter::row(const DetectRow& row, const DetectAnswer& answer, std::string& out) const {
  format_ == DetectFormat::kCsv ? csv(row, answer, out) : json(row, answer, out);
}

void DetectWriter::csv(const DetectRow& row, const DetectAnswer& answer, std::string& out) const {
  if (!file_.empty()) {
    append_csv(out, file_);
    out += ',';
  }
  append_csv(out, row.time_text);
  out += ',';
  append_csv(out, row.value_text);
  out += ',';
  append_number(out, answer.score);
  for (const double bound : {answer.expected, answer.lower, answer.upper}) {
    out += ',';
    if (has_band(answer) && std::isfinite(bound)) append_number(out, bound);
  }
  out += answer.violation ? ",1\n" : ",0\n";
}

void DetectWriter::json(const DetectRow& row, const DetectAnswer& answer, std::string& out) const {
  JsonWriter json;
  json.begin_object();
  if (!file_.empty()) json.member("file", file_);
  json.member("timestamp", row.time_text);
  json.key("value");
  row.value ? json.number(*row.value) : json.null();
  json.member("score", answer.score);
  const std::pair<std::string_view, double> bounds[] = {
      {"expected", answer.expected}, {"lower", answer.lower}, {"upper", answer.upper}};
  for (const auto& [name, bound] : bounds) {
    json.key(name);
    has_band(answer) ? json.number(bound) : json.null();  // null too if it has no end
  }
  json.member("violation", answer.violation ? 1 : 0);
  json.end_object();
  out += json.take();
  out += '\n';
}

}  // namespace tocsin::replay
