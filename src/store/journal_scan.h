#pragma once
// Finds the frames in the bytes of a journal segment; what does not check out is stepped over.

#include <functional>
#include <string_view>

#include "store/frame_codec.h"

namespace tocsin {

// "TOCSINJ1", number, 12 zero bytes, crc32c of the 28 bytes before it.
inline constexpr size_t kSegmentHeaderBytes = 32;

// The next place at or after `from` where a whole frame stands; npos if there is none.
size_t find_frame(std::string_view bytes, size_t from);
// The end of what is not zero.
size_t used_end(std::string_view bytes);
// Every frame that checks out, fillers too, in the order of the file.
void scan_frames(std::string_view segment,
                 const std::function<void(uint64_t offset, const FrameHead&)>& on_frame);

// Leaves the points of the series that `keep` wants; how many are gone.
uint64_t keep_points(Batch& batch, const std::function<bool(SeriesRef)>& keep);

}  // namespace tocsin
