#pragma once
// Edits of one YAML text that leave everything else as it is: values are replaced where the nodes
// say they stand, keys that are missing are put behind one that is there.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"

namespace tocsin {

class YamlEdit {
 public:
  explicit YamlEdit(std::string_view text) : text_(text) {}

  // The value of `key` in a mapping. Where there is none, behind `after`, which has a scalar; in
  // the style of the mapping. `value` is YAML on one line. False: a layout that this cannot edit.
  bool set(const config::Node& mapping, std::string_view key, std::string_view value,
           std::string_view after);
  // The same for a list; `items` are YAML on one line each.
  bool set_list(const config::Node& mapping, std::string_view key,
                const std::vector<std::string>& items, std::string_view after);
  // A scalar that stands in a list.
  bool set_item(const config::Node& item, std::string_view value, bool in_flow);
  bool is_flow(const config::Node& node) const;  // {...} or [...]

  std::string result() const;

 private:
  struct Change {
    size_t from = 0, to = 0;
    std::string with;
  };
  size_t offset(const config::Place& place) const;
  std::optional<size_t> scalar_end(size_t from, bool in_flow) const;
  std::optional<size_t> bracket_end(size_t from) const;
  size_t block_end(size_t from, size_t indent) const;
  bool insert(const config::Node& mapping, std::string_view after, const std::string& flow,
              const std::vector<std::string>& block);

  std::string_view text_;
  std::vector<Change> changes_;
};

}  // namespace tocsin
