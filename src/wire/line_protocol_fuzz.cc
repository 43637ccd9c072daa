// Any bytes as a body: the scanner ends, its views stay inside the body, a line that was read once
// reads the same when it is guessed, and a key that is accepted gives a series.
#include <cmath>
#include <cstdlib>

#include "wire/line_protocol.h"

namespace {

using tocsin::wire::Line;
using tocsin::wire::LineScanner;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_line(const Line& line) {
  for (const auto& field : line.fields) require(std::isfinite(field.value) && !field.name.empty());
  require(line.time.ms >= 0 && line.time < tocsin::wire::kLineTimeEnd);
  tocsin::wire::LineKey key;
  if (tocsin::wire::parse_line_key(line.key, {}, key)) return;
  tocsin::Labels labels;
  if (tocsin::wire::line_labels(key, line.fields.front().name, {}, labels)) return;
  require(!labels.name().empty());
  require(labels.pairs().size() == key.tags.size() + 1);
}

void check_guess(std::string_view rest, std::string_view head, size_t key_bytes) {
  LineScanner read(rest, tocsin::wire::TimePrecision::kMilliseconds);
  LineScanner guessed(rest, tocsin::wire::TimePrecision::kMilliseconds);
  const auto step = read.next();
  require(step == guessed.next(head, key_bytes));
  require(read.bytes_left() == guessed.bytes_left());
  if (step != LineScanner::Step::kLine) return;
  require(read.line().key == guessed.line().key);
  require(read.line().fields.size() == guessed.line().fields.size());
  require(read.line().fields[0].name == guessed.line().fields[0].name);
  require(read.line().fields[0].value == guessed.line().fields[0].value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  LineScanner scanner(body, tocsin::wire::TimePrecision::kMilliseconds);
  std::string head;
  size_t key_bytes = 0;
  size_t left = size;
  while (true) {
    const std::string_view rest = body.substr(size - left);
    const auto step = scanner.next();
    if (step == LineScanner::Step::kEnd) break;
    require(scanner.bytes_left() < left);
    const std::string_view text = scanner.line_text();
    require(text.data() >= body.data() && text.data() + text.size() <= body.data() + size);
    if (!head.empty() && size < 4096) check_guess(rest, head, key_bytes);
    left = scanner.bytes_left();
    if (step == LineScanner::Step::kError) continue;
    check_line(scanner.line());
    const auto& line = scanner.line();
    head = std::string(line.key) + " " + std::string(line.fields.front().name) + "=";
    key_bytes = line.key.size();
  }
  return 0;
}
