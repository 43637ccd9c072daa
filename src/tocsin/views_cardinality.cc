// How many series there are, what they are made of and what grows: the guard knows.
#include "tocsin/views.h"

namespace tocsin {

void LiveViews::cardinality(intake::CardinalityQuery query,
                            server::Done<intake::CardinalityView> done) {
  in_background([this, query = std::move(query), done = std::move(done)] {
    done(live_.series_guard().view(query));
  });
}

}  // namespace tocsin
