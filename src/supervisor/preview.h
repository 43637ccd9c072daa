#pragma once
// Who would be told of an alert, as a pure function over routes, policies and who is on call: the
// running supervisor asks it for the pages, the command line for a folder of files.

#include "supervisor/escalation.h"
#include "supervisor/route.h"
#include "supervisor/tier.h"

namespace tocsin::supervisor {

// What decides. All of it must outlive the call; `rules` null: nobody is called by a policy.
struct PreviewParts {
  const Routes& routes;
  const EscalationRules* rules;
  const Directory& directory;
};

// `labels` as alert_labels() makes them. At most `limit` calls are foretold.
EscalationPreview preview_of(const PreviewParts& parts, const Labels& labels, Severity severity,
                             TimeMs at, size_t limit);

}  // namespace tocsin::supervisor
