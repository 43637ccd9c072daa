#pragma once
// The section `senders`: the watch over those who send points, as the built-in worker that it is.

#include "tocsin/builtin.h"

namespace tocsin {

// Nothing in it if it is switched off.
BuiltinFile sender_watch(const config::Folder& folder, config::Problems& problems);
void describe_senders(config::Reference& reference);

}  // namespace tocsin
