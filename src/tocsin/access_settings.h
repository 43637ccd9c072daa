#pragma once
// Section `access`: who has to sign in, for how long. Read at the start.

#include "access/accounts.h"
#include "config/folder.h"
#include "config/reference.h"

namespace tocsin {

struct AccessSettings {
  bool required = false;  // also on loopback
  access::Lifetimes sessions;
  DurationMs audit_keep = days(366);

  static AccessSettings read(const config::Folder& folder, config::Problems& problems);
  static void describe(config::Reference& reference);
};

}  // namespace tocsin
