// Any bytes as the plan of a publication: it is carried out as a whole, or nothing is touched; and
// no plan reaches beyond the folder.
#include <cstdlib>

#include "base/faulty_disk.h"
#include "base/id.h"
#include "tocsin/config_files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tocsin::FaultyDisk disk;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  // The fuzzer cannot guess a hash: most inputs get the right one.
  if (size % 4 != 0) {
    uint64_t hash = tocsin::hash64(bytes);
    for (int i = 0; i < 8; ++i, hash >>= 8) bytes.push_back(static_cast<char>(hash));
  }
  if (!disk.make_directory("/c") ||
      !tocsin::write_file_atomically(disk, "/c", std::string(tocsin::kPlanName), bytes))
    std::abort();
  const auto names = tocsin::finish_writing(disk, "/c");
  if (!names) {
    if (disk.list("/c")->size() != 1) std::abort();
    return 0;
  }
  for (const std::string& name : *names)
    if (tocsin::name_problem(name)) std::abort();
  if (!disk.list("")->empty() || !disk.list("/")->empty()) std::abort();
  return 0;
}
