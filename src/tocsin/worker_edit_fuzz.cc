// Any YAML as a file with a worker, any weight: an edit is refused, or the text reads as was asked
// for, everything but the worker's lines is as it was, and the same edit again changes nothing.
#include <cstdlib>

#include "config/folder.h"
#include "streamer/worker.h"
#include "tocsin/worker_edit.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2 || size > 4096) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 2, size - 2);
  tocsin::WorkerChanges changes;
  changes.weights[data[0] % 2 == 0 ? "0" : "0.1"] = data[1] / 16.0;
  if (data[0] % 3 == 0) changes.opens = "3 of 4";
  if (data[0] % 5 == 0) changes.deviation_absolute = data[1];
  if (data[0] % 7 == 0) changes.models = {"{kind: level}", "{kind: profile, season: day}"};
  const auto once = tocsin::edit_worker({{"w.yaml", text}}, "w", changes);
  if (!once) return 0;
  const auto again = tocsin::edit_worker({{once->name, once->text}}, "w", changes);
  if (!again || again->text != once->text) std::abort();
  tocsin::config::Problems problems;
  const auto folder = tocsin::config::Folder::from_texts({{once->name, once->text}}, problems);
  const auto set = tocsin::streamer::WorkerSet::read(folder, problems);
  if (!problems.empty() || !set->find("w")) std::abort();
  return 0;
}
