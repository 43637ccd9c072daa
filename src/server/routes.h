#pragma once
// The parts of register_api, by subject.

#include "net/router.h"
#include "server/api.h"
#include "server/boards.h"
#include "server/causes_desk.h"
#include "server/config_desk.h"
#include "server/coverage.h"
#include "server/escalation_desk.h"
#include "server/manager.h"

namespace tocsin::server {

void register_alert_routes(net::Router& router, Views& views);
void register_silence_routes(net::Router& router, Views& views, const Clock& clock);
void register_series_routes(net::Router& router, Views& views, const Clock& clock);
void register_cardinality_routes(net::Router& router, Views& views);
void register_recent_routes(net::Router& router, Views& views);
void register_board_routes(net::Router& router, const Boards& boards);
void register_causes_routes(net::Router& router, Views& views, CausesDesk& desk,
                            const Clock& clock);
void register_change_routes(net::Router& router, CausesDesk& desk, const Clock& clock);
void register_config_routes(net::Router& router, ConfigDesk& desk);
void register_coverage_routes(net::Router& router, CoverageDesk& desk);
void register_escalation_routes(net::Router& router, EscalationDesk& desk, const Clock& clock);
void register_manager_routes(net::Router& router, ManagerDesk& desk, const Clock& clock);
void register_program_routes(net::Router& router, const ApiParts& parts);

}  // namespace tocsin::server
