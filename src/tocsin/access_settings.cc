#include "tocsin/access_settings.h"

#include "config/reader.h"

namespace tocsin {
namespace {

constexpr std::string_view kType = "access";

void read_settings(config::MapReader& m, AccessSettings& out) {
  out.required = m.value<bool>(
      "required", out.required,
      "Sign in also from this machine. Without it, who asks from loopback for localhost may do all "
      "as long as only loopback is listened on.");
  out.sessions.session_idle = m.value<DurationMs>("session_idle", out.sessions.session_idle,
                                                  "Signed out when not used so long.");
  out.sessions.session_max = m.value<DurationMs>(
      "session_max", out.sessions.session_max, "Signed out so long after signing in, used or not.");
  out.audit_keep =
      m.value<DurationMs>("audit_keep", out.audit_keep, "How long the audit log is kept.");
  if (out.sessions.session_idle < minutes(1))
    m.problem("session_idle", "has to be at least a minute");
  if (out.sessions.session_max < out.sessions.session_idle)
    m.problem("session_max", "has to be at least session_idle");
  if (out.audit_keep < days(1)) m.problem("audit_keep", "has to be at least a day");
}

}  // namespace

AccessSettings AccessSettings::read(const config::Folder& folder, config::Problems& problems) {
  AccessSettings out;
  folder.single(kType, kType, problems, [&](config::MapReader& m) { read_settings(m, out); });
  return out;
}

void AccessSettings::describe(config::Reference& reference) {
  if (!reference.begin_type(kType)) return;
  config::Problems none;
  config::MapReader m(reference, kType, none);
  AccessSettings ignored;
  read_settings(m, ignored);
}

}  // namespace tocsin
