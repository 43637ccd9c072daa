#pragma once
// An escalation as bytes, as it is kept in table `escalations` (docs/formats/escalation.md).

#include <string>
#include <string_view>

#include "base/result.h"
#include "vocabulary/escalation.h"

namespace tocsin::supervisor {

std::string encode(const Escalation& escalation);
// kCorrupt for anything that encode() did not write; never reads out of bounds, never allocates
// more than the bytes can hold.
Result<Escalation> decode_escalation(std::string_view bytes);

}  // namespace tocsin::supervisor
