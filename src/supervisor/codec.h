#pragma once
// A Decision as bytes, as it is kept in the database: an alert keeps what was judged for as long as
// it is kept itself. docs/formats/decision.md draws the format. Refs of series and workers do not
// leave the process: they read back as kNoSeries and an empty WorkerRef (labels and worker id say
// who it was). Everything else reads back as it was, to the bit.

#include <string>
#include <string_view>

#include "base/result.h"
#include "supervisor/changes.h"
#include "vocabulary/alert.h"

namespace tocsin::supervisor {

std::string encode(const Decision& decision);
// kCorrupt for anything that encode() did not write; never reads out of bounds, never allocates
// more than the bytes can hold.
Result<Decision> decode_decision(std::string_view bytes);

// An open alert, without what people did about it (acknowledged, silenced, notes).
std::string encode(const AlertRecord& record);
Result<AlertRecord> decode_record(std::string_view bytes);

}  // namespace tocsin::supervisor
