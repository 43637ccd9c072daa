#include "tocsin/yaml_edit.h"

#include <algorithm>

namespace tocsin {

using config::Node;
using config::Place;

namespace {

std::optional<Node::Member> member_of(const Node& mapping, std::string_view key) {
  for (Node::Member& member : mapping.members())
    if (member.key == key) return std::move(member);
  return std::nullopt;
}

std::string joined(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item;
  return "[" + out + "]";
}

// Behind a quoted scalar that begins at `from`; nothing if it does not end.
std::optional<size_t> quote_end(std::string_view text, size_t from) {
  const char quote = text[from];
  for (size_t i = from + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote != '\'' || i + 1 >= text.size() || text[i + 1] != '\'') return i + 1;
      ++i;  // '' within single quotes
    }
  }
  return std::nullopt;
}

bool comment_at(std::string_view text, size_t i) {
  return text[i] == '#' && (i == 0 || text[i - 1] == ' ' || text[i - 1] == '\n');
}

}  // namespace

// Columns count bytes, from 1.
size_t YamlEdit::offset(const Place& place) const {
  size_t at = 0;
  for (int line = 1; line < place.line && at < text_.size(); ++line)
    at = std::min(text_.find('\n', at), text_.size() - 1) + 1;
  return std::min(text_.size(), at + static_cast<size_t>(std::max(0, place.column - 1)));
}

bool YamlEdit::is_flow(const Node& node) const {
  const size_t at = offset(node.place());
  return at < text_.size() && (text_[at] == '{' || text_[at] == '[');
}

std::optional<size_t> YamlEdit::scalar_end(size_t from, bool in_flow) const {
  if (from >= text_.size()) return std::nullopt;
  const char first = text_[from];
  if (first == '"' || first == '\'') return quote_end(text_, from);
  // Texts over several lines, anchors and tags are for an editor.
  if (std::string_view("|>&*!{[").find(first) != std::string_view::npos) return std::nullopt;
  size_t end = from;
  while (end < text_.size() && text_[end] != '\n' && !comment_at(text_, end) &&
         !(in_flow && std::string_view(",]}").find(text_[end]) != std::string_view::npos))
    ++end;
  while (end > from && (text_[end - 1] == ' ' || text_[end - 1] == '\r')) --end;
  return end > from ? std::optional(end) : std::nullopt;
}

// Behind the bracket that closes the one at `from`.
std::optional<size_t> YamlEdit::bracket_end(size_t from) const {
  int depth = 0;
  for (size_t i = from; i < text_.size(); ++i) {
    const char c = text_[i];
    const bool begins =
        i > 0 && std::string_view(" ,[{:\n").find(text_[i - 1]) != std::string::npos;
    if ((c == '"' || c == '\'') && begins) {
      const auto end = quote_end(text_, i);
      if (!end) return std::nullopt;
      i = *end - 1;
    } else if (comment_at(text_, i)) {
      i = std::min(text_.find('\n', i), text_.size());
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if ((c == ']' || c == '}') && --depth == 0) {
      return i + 1;
    }
  }
  return std::nullopt;
}

// Behind the last line of a block list whose first item begins at `from`; its key stands behind
// `indent` spaces, and the items may stand there too.
size_t YamlEdit::block_end(size_t from, size_t indent) const {
  size_t end = std::min(text_.find('\n', from), text_.size());
  for (size_t line = end + 1; line < text_.size();) {
    const size_t stop = std::min(text_.find('\n', line), text_.size());
    const std::string_view row = text_.substr(line, stop - line);
    const size_t lead = std::min(row.find_first_not_of(" \r"), row.size());
    const bool content = lead < row.size() && row[lead] != '#';
    if (content && lead <= indent && !(lead == indent && row[lead] == '-')) break;
    if (content) end = stop;
    line = stop + 1;
  }
  return end;
}

bool YamlEdit::insert(const Node& mapping, std::string_view after, const std::string& flow,
                      const std::vector<std::string>& block) {
  const auto anchor = member_of(mapping, after);
  if (!anchor || anchor->value.kind() != Node::Kind::kScalar) return false;
  const auto end = scalar_end(offset(anchor->value.place()), is_flow(mapping));
  if (!end) return false;
  if (is_flow(mapping)) {
    changes_.push_back({*end, *end, ", " + flow});
    return true;
  }
  const size_t line_end = std::min(text_.find('\n', *end), text_.size());
  const std::string indent(static_cast<size_t>(std::max(0, anchor->place.column - 1)), ' ');
  std::string lines;
  for (const std::string& line : block) lines += "\n" + indent + line;
  changes_.push_back({line_end, line_end, lines});
  return true;
}

bool YamlEdit::set(const Node& mapping, std::string_view key, std::string_view value,
                   std::string_view after) {
  const std::string pair = std::string(key) + ": " + std::string(value);
  const auto member = member_of(mapping, key);
  if (!member) return insert(mapping, after, pair, {pair});
  if (member->value.kind() != Node::Kind::kScalar) return false;
  return set_item(member->value, value, is_flow(mapping));
}

bool YamlEdit::set_item(const Node& item, std::string_view value, bool in_flow) {
  const size_t from = offset(item.place());
  const auto end = scalar_end(from, in_flow);
  if (!end) return false;
  changes_.push_back({from, *end, std::string(value)});
  return true;
}

bool YamlEdit::set_list(const Node& mapping, std::string_view key,
                        const std::vector<std::string>& items, std::string_view after) {
  const auto member = member_of(mapping, key);
  const std::string head(key);
  if (!member) {
    std::vector<std::string> block{head + ":"};
    for (const std::string& item : items) block.push_back("  - " + item);
    return insert(mapping, after, head + ": " + joined(items), block);
  }
  const size_t from = offset(member->value.place());
  if (is_flow(member->value)) {
    const auto end = bracket_end(from);
    if (!end) return false;
    changes_.push_back({from, *end, joined(items)});
    return true;
  }
  if (member->value.kind() != Node::Kind::kList || is_flow(mapping)) return false;
  const size_t line = text_.rfind('\n', from) + 1;
  const std::string lead(text_.substr(line, from - line));  // the spaces before its first item
  if (lead.find_first_not_of(' ') != std::string::npos) return false;
  std::string lines;
  for (const std::string& item : items) lines += (lines.empty() ? "" : "\n") + lead + "- " + item;
  const auto indent = static_cast<size_t>(std::max(0, member->place.column - 1));
  changes_.push_back({line, block_end(from, indent), lines});
  return true;
}

std::string YamlEdit::result() const {
  std::vector<Change> sorted = changes_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Change& a, const Change& b) { return a.from < b.from; });
  std::string out;
  size_t at = 0;
  for (const Change& change : sorted) {
    if (change.from < at) continue;  // within what was replaced already
    out += text_.substr(at, change.from - at);
    out += change.with;
    at = change.to;
  }
  out += text_.substr(at);
  return out;
}

}  // namespace tocsin
