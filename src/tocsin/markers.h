#pragma once
// Payloads of the journal's note frames that mean something to this program.

#include <string_view>

namespace tocsin {

// Every stage saves its state when it has passed this frame (docs/decisions/0005).
inline constexpr std::string_view kCheckpointMarker = "checkpoint";

}  // namespace tocsin
