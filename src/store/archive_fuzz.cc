// Strategy: any bytes are read as an archived segment and as a checkpoint. Invariants: it ends, and
// what checks out gives the bytes that its head says.
#include <cstdlib>

#include "base/faulty_disk.h"
#include "store/archive_file.h"
#include "store/checkpoints.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tocsin;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto head = parse_archive_head(bytes);
  const auto segment = decode_archive(bytes);
  if (segment && (!head || segment->size() != head->bytes)) std::abort();
  (void)survey_segment(1, bytes);
  FaultyDisk disk;
  if (!write_file_atomically(disk, "/c", "models-1.checkpoint", bytes)) return 0;
  (void)read_checkpoint(disk, "/c/models-1.checkpoint");
  return 0;
}
