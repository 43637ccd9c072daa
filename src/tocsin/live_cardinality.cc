// The guard of series in the running program: what it keeps over a restart, and what it tells.
#include <filesystem>

#include "base/log.h"
#include "tocsin/live.h"

namespace tocsin {
namespace {

constexpr std::string_view kFile = "cardinality";  // docs/formats/cardinality.md
constexpr DurationMs kLookEvery = seconds(1);

}  // namespace

// What cannot be read costs what was known of growth, not the counts: those are made anew.
void Live::load_cardinality() {
  const std::string path = data() + "/" + std::string(kFile);
  if (!std::filesystem::exists(path)) return;
  const auto bytes = read_whole_file(disk_, path);
  const Result<void> loaded = bytes ? guard_.load(*bytes) : fail(bytes.error());
  if (!loaded) log::error("{}: {}; growth is shown from here on", path, loaded.error().text());
}

void Live::save_cardinality() {
  const auto saved = write_file_atomically(disk_, data(), std::string(kFile), guard_.save());
  if (!saved) log::warning("how series grew was not written: {}", saved.error().text());
}

void Live::watch_cardinality() {
  cardinality_watch_ = std::make_unique<CardinalityWatch>(
      guard_, series_, store_->shards(),
      [this](Batch batch) {
        if (!has_room(batch.size())) return;
        if (auto frame = store_->journal().append(std::move(batch)); !frame)
          log::debug("limits of series: points not kept: {}", frame.error().text());
      },
      clock_.now());
  background_.every(kLookEvery, [this] { cardinality_watch_->tick(clock_.now()); });
}

}  // namespace tocsin
