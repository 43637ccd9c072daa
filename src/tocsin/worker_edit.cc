#include "tocsin/worker_edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "config/folder.h"
#include "streamer/worker.h"
#include "tocsin/yaml_edit.h"

namespace tocsin {
namespace {

using config::Node;
using streamer::Worker;
using streamer::WorkerSet;

constexpr size_t kModelsMax = 8;

struct Found {
  std::string file;
  Node node;  // the worker's mapping
};

// The worker's node, and the document it is in.
std::optional<Found> find_node(const FileTexts& files, const std::string& id) {
  for (const auto& [name, text] : files) {
    config::Problems ignored;
    const auto root = Node::parse(text, name, ignored);
    if (!root || root->kind() != Node::Kind::kMap) continue;
    const auto workers = root->member("workers");
    if (!workers || workers->kind() != Node::Kind::kList) continue;
    for (const Node& item : workers->items()) {
      if (item.kind() != Node::Kind::kMap) continue;
      const auto named = item.member("id");
      if (named && named->scalar() == id) return Found{name, item};
    }
  }
  return std::nullopt;
}

Result<std::shared_ptr<const WorkerSet>> read_workers(const FileTexts& files) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts(files, problems);
  auto set = WorkerSet::read(folder, problems);
  if (!problems.empty())
    return fail(problems.error("changing a worker: the configuration would not be right"));
  return set;
}

Error by_hand(std::string_view what, const Found& found) {
  return {ErrorCode::kRefused,
          fmt::format("changing {} in {}: it is written in a way that is edited by hand only; "
                      "open the file there",
                      what, found.node.place().file_line()),
          ""};
}

// ---- One change each; false: the layout forbids it

bool set_number(YamlEdit& edit, const Node& mapping, std::string_view key, double value,
                std::string_view after) {
  return edit.set(mapping, key, number_text(value), after);
}

bool set_deviation(YamlEdit& edit, const Node& worker, const WorkerChanges& changes) {
  std::string fresh;
  const auto deviation = worker.member("min_deviation");
  const auto set_one = [&](std::string_view key, const std::optional<double>& value) {
    if (!value) return true;
    if (!deviation) {
      fresh += fmt::format("{}{}: {}", fresh.empty() ? "" : ", ", key, number_text(*value));
      return true;
    }
    if (deviation->kind() != Node::Kind::kMap || deviation->members().empty()) return false;
    return set_number(edit, *deviation, key, *value, deviation->members().front().key);
  };
  if (!set_one("absolute", changes.deviation_absolute) ||
      !set_one("relative", changes.deviation_relative))
    return false;
  return fresh.empty() || edit.set(worker, "min_deviation", "{" + fresh + "}", "id");
}

bool set_periods(YamlEdit& edit, const Node& model, const std::vector<double>& weights) {
  const auto list = model.member("weights");
  if (list && list->kind() == Node::Kind::kList && !edit.is_flow(*list)) {
    const std::vector<Node> items = list->items();
    if (items.size() != weights.size()) return false;
    for (size_t i = 0; i < items.size(); ++i)
      if (!edit.set_item(items[i], number_text(weights[i]), false)) return false;
    return true;
  }
  std::string text;
  for (const double weight : weights) text += (text.empty() ? "" : ", ") + number_text(weight);
  if (!list) return edit.set(model, "weights", "[" + text + "]", "kind");
  std::vector<std::string> items;
  for (const double weight : weights) items.push_back(number_text(weight));
  return edit.set_list(model, "weights", items, "kind");
}

// The model, and the period (from 0) that a key of `weights` means.
struct WeightKey {
  size_t model = 0;
  std::optional<size_t> period;
};
Result<WeightKey> parse_key(const std::string& key, const Worker& worker) {
  const size_t dot = key.find('.');
  const auto model = parse_int(std::string_view(key).substr(0, dot));
  const auto period =
      dot == std::string::npos ? std::nullopt : parse_int(std::string_view(key).substr(dot + 1));
  const auto wrong = [&] {
    return fail(ErrorCode::kInvalid,
                fmt::format("weights: worker \"{}\" has no \"{}\"; it is the place of a model, "
                            "from 0, or with .1 one of its periods",
                            worker.id, key));
  };
  if (!model || *model < 0 || *model >= static_cast<int64_t>(worker.models.size())) return wrong();
  WeightKey out{static_cast<size_t>(*model), std::nullopt};
  if (dot == std::string::npos) return out;
  const streamer::ModelSpec& spec = worker.models[out.model];
  if (spec.kind != streamer::ModelKind::kProfile || !period || *period < 1 ||
      *period > static_cast<int64_t>(spec.period_weights.size()))
    return wrong();
  out.period = static_cast<size_t>(*period - 1);
  return out;
}

// What the weights are to be, by model; applied to `wanted`, a copy of the worker.
Result<void> apply_weights(const WorkerChanges& changes, Worker& wanted) {
  for (const auto& [key, weight] : changes.weights) {
    const auto at = parse_key(key, wanted);
    if (!at) return fail(at.error());
    if (!(weight >= 0 && weight < 1e6))
      return fail(ErrorCode::kInvalid,
                  fmt::format("weights: {} is {}; a weight is between 0 and 1000000", key, weight));
    if (at->period)
      wanted.models[at->model].period_weights[*at->period] = weight;
    else
      wanted.models[at->model].weight = weight;
  }
  return {};
}

// The models [first, end) of one entry of the list: those of several seasons share its weight, and
// can be changed together only.
bool edit_entry(YamlEdit& edit, const Node& entry, const Worker& before, const Worker& wanted,
                size_t first, size_t end) {
  double weight = 0;
  bool weights = false, periods = false;
  for (size_t i = first; i < end; ++i) {
    const streamer::ModelSpec& model = wanted.models[i];
    const streamer::ModelSpec& alike = wanted.models[first];
    if (model.weight != alike.weight || model.period_weights != alike.period_weights) return false;
    weight += model.weight;
    weights = weights || model.weight != before.models[i].weight;
    periods = periods || model.period_weights != before.models[i].period_weights;
  }
  if (weights && !set_number(edit, entry, "weight", weight, "kind")) return false;
  return !periods || set_periods(edit, entry, wanted.models[first].period_weights);
}

bool edit_weights(YamlEdit& edit, const Node& node, const Worker& before, const Worker& wanted) {
  const auto models = node.member("models");
  if (!models) {
    // Left out means one level.
    const double weight = wanted.models.front().weight;
    if (weight == before.models.front().weight) return true;
    return edit.set_list(node, "models",
                         {fmt::format("{{kind: level, weight: {}}}", number_text(weight))}, "id");
  }
  const std::vector<Node> items = models->items();
  for (size_t first = 0; first < wanted.models.size();) {
    const size_t listed = wanted.models[first].listed;
    size_t end = first + 1;
    while (end < wanted.models.size() && wanted.models[end].listed == listed) ++end;
    if (listed >= items.size() || items[listed].kind() != Node::Kind::kMap ||
        !edit_entry(edit, items[listed], before, wanted, first, end))
      return false;
    first = end;
  }
  return true;
}

// Everything but what was asked for has to be as it was: the hash of a worker's definition knows.
Result<void> confirm(const WorkerSet& before, const WorkerSet& after, const Worker& wanted,
                     const WorkerChanges& changes, const Found& found) {
  const auto ref = after.find(wanted.id);
  if (!ref || before.workers().size() != after.workers().size())
    return fail(by_hand("the worker", found));
  const auto was = before.identities(), now = after.identities();
  for (size_t i = 0; i < was.size(); ++i)
    if (i != ref->index && !(was[i] == now[i])) return fail(by_hand("the worker", found));
  if (changes.models) {
    if (after.worker(*ref).models.back().listed + 1 == changes.models->size()) return {};
    return fail(by_hand("its models", found));
  }
  const auto expected = WorkerSet::of({wanted}, wanted.id == "default");
  if (expected->identities().front() == now[ref->index]) return {};
  return fail(by_hand("the worker", found));
}

Result<Worker> wanted_worker(const Worker& before, const WorkerChanges& changes) {
  Worker out = before;
  if (auto done = apply_weights(changes, out); !done) return fail(done.error());
  if (changes.score) out.score = *changes.score;
  if (changes.deviation_absolute) out.deviation_absolute = *changes.deviation_absolute;
  if (changes.deviation_relative) out.deviation_relative = *changes.deviation_relative;
  return out;
}

bool edit_all(YamlEdit& edit, const Found& found, const WorkerChanges& changes,
              const Worker& before, const Worker& wanted) {
  const Node& node = found.node;
  if (changes.strategy && !edit.set(node, "strategy", *changes.strategy, "id")) return false;
  if (changes.opens && !edit.set(node, "opens", *changes.opens, "id")) return false;
  if (changes.score && !set_number(edit, node, "score", *changes.score, "id")) return false;
  if (!set_deviation(edit, node, changes)) return false;
  if (changes.models) return edit.set_list(node, "models", *changes.models, "id");
  return edit_weights(edit, node, before, wanted);
}

// Words end up in the file as they are.
Result<void> check_words(const WorkerChanges& changes) {
  for (const auto& word : {changes.strategy, changes.opens})
    if (word && (word->empty() || word->find_first_of("\n\r#:{}[]&*!|>'\"%@`,") != word->npos))
      return fail(ErrorCode::kInvalid,
                  fmt::format("changing a worker: \"{}\" is no setting of one", *word));
  if (!changes.models) return {};
  if (!changes.weights.empty())
    return fail(ErrorCode::kInvalid,
                "weights: they are places in the models that are replaced; write each new model's "
                "weight into its mapping");
  if (changes.models->empty() || changes.models->size() > kModelsMax)
    return fail(ErrorCode::kInvalid,
                fmt::format("models: a worker has 1 to {} of them", kModelsMax));
  for (const std::string& model : *changes.models)
    if (!model.starts_with('{') || !model.ends_with('}') || model.find('\n') != model.npos)
      return fail(ErrorCode::kInvalid,
                  "models: each is a mapping on one line, such as {kind: level}");
  return {};
}

std::string free_name(const FileTexts& files) {
  std::string name = "workers-default.yaml";
  for (int n = 2; files.contains(name); ++n) name = fmt::format("workers-default-{}.yaml", n);
  return name;
}

}  // namespace

Result<EditedFile> edit_worker(const FileTexts& files, const std::string& id,
                               const WorkerChanges& changes) {
  if (auto done = check_words(changes); !done) return fail(done.error());
  const auto before = read_workers(files);
  if (!before) return fail(before.error());
  const auto ref = (*before)->find(id);
  if (!ref) return fail(ErrorCode::kInvalid, fmt::format("no file has a worker \"{}\"", id));
  const auto found = find_node(files, id);
  if (!found) {
    if (id != "default")
      return fail(ErrorCode::kInvalid, fmt::format("no file has a worker \"{}\"", id));
    FileTexts with_file = files;
    with_file[free_name(files)] =
        "# The worker of every series that no other selects.\n"
        "workers:\n  - id: default\n    models:\n      - {kind: level}\n";
    return edit_worker(with_file, id, changes);
  }
  const Worker& was = (*before)->worker(*ref);
  const auto wanted = wanted_worker(was, changes);
  if (!wanted) return fail(wanted.error());
  const std::string& text = files.at(found->file);
  YamlEdit edit(text);
  if (!edit_all(edit, *found, changes, was, *wanted)) return fail(by_hand("the worker", *found));
  FileTexts changed = files;
  EditedFile out{found->file, edit.result()};
  changed[out.name] = out.text;
  const auto after = read_workers(changed);
  if (!after) return fail(after.error());
  // The words of strategy and opens are known once they are read.
  Worker expected = *wanted;
  const auto now = (*after)->find(id);
  if (now && changes.strategy) expected.strategy = (*after)->worker(*now).strategy;
  if (now && changes.opens) {
    expected.open_points = (*after)->worker(*now).open_points;
    expected.open_of = (*after)->worker(*now).open_of;
  }
  if (auto same = confirm(**before, **after, expected, changes, *found); !same)
    return fail(same.error());
  return out;
}

}  // namespace tocsin
