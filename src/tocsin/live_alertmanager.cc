#include "tocsin/live_alertmanager.h"

#include "supervisor/archive.h"

namespace tocsin {

using server::OpenAlertView;

void LiveAlertmanager::report(ReportedBatch batch, server::Done<ReportCounts> done) {
  live_.decisions().report(std::move(batch), std::move(done));
}

void LiveAlertmanager::open_alerts(server::Done<std::vector<OpenAlertView>> done) {
  DecisionThread& decisions = live_.decisions();
  decisions.loop().post([this, &decisions, done = std::move(done)] {
    auto kept =
        std::make_shared<std::vector<supervisor::KeptAlert>>(decisions.stage().supervisor().open());
    live_.background().post([kept, done] {
      std::vector<OpenAlertView> out;
      out.reserve(kept->size());
      for (const supervisor::KeptAlert& one : *kept) out.push_back(one.read());
      done(std::move(out));
    });
  });
}

void LiveAlertmanager::silences(server::Done<std::vector<supervisor::Silence>> done) {
  live_.background().post(
      [this, done = std::move(done)] { done(supervisor::list_silences(live_.reader(), true)); });
}

void LiveAlertmanager::command(supervisor::Command command,
                               server::Done<supervisor::CommandDone> done) {
  live_.decisions().command(std::move(command), std::move(done));
}

void LiveAlertmanager::acknowledge(Id128 key, std::string by, server::Done<bool> done) {
  DecisionThread& decisions = live_.decisions();
  decisions.loop().post([&decisions, key, by = std::move(by), done = std::move(done)] {
    const auto alert = decisions.stage().supervisor().reported_alert(key);
    if (!alert) return done(false);
    decisions.command({by, supervisor::Acknowledge{*alert, ""}},
                      [done](const Result<supervisor::CommandDone>& answer) {
                        // A second acknowledgement changes nothing and is no failure.
                        if (answer || answer.error().code == ErrorCode::kRefused) return done(true);
                        done(fail(answer.error()));
                      });
  });
}

std::shared_ptr<const supervisor::Routes> LiveAlertmanager::routes() const {
  const auto configuration = live_.configuration();
  return {configuration, &configuration->routes};
}

}  // namespace tocsin
