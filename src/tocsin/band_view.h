#pragma once
// A drawing as the API shows it: reduced to a width, with the models' curves.

#include "query/range.h"
#include "server/view_types.h"
#include "streamer/band.h"

namespace tocsin {

struct BandFrame {
  TimeMs from, to;
  uint32_t width = 800;
};
server::BandView band_view(const streamer::Worker& worker, const Labels& labels,
                           const streamer::Drawing& drawing, const BandFrame& frame);

}  // namespace tocsin
