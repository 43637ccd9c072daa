#pragma once
// Alertmanager's API on the running program: alerts go to the decision thread, lists come from it
// and are written down on the background loop.

#include "server/alertmanager_desk.h"
#include "tocsin/live.h"

namespace tocsin {

class LiveAlertmanager final : public server::AlertmanagerDesk {
 public:
  explicit LiveAlertmanager(Live& live) : live_(live) {}  // outlives it

  void report(ReportedBatch batch, server::Done<ReportCounts> done) override;
  void open_alerts(server::Done<std::vector<server::OpenAlertView>> done) override;
  void silences(server::Done<std::vector<supervisor::Silence>> done) override;
  void command(supervisor::Command command, server::Done<supervisor::CommandDone> done) override;
  void acknowledge(Id128 key, std::string by, server::Done<bool> done) override;
  std::shared_ptr<const supervisor::Routes> routes() const override;
  TimeMs started_at() const override { return live_.started_at(); }

 private:
  Live& live_;
};

}  // namespace tocsin
