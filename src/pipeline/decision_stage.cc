#include "pipeline/decision_stage.h"

namespace tocsin::pipeline {

DecisionStage::DecisionStage(rules::Engine engine, supervisor::Supervisor supervisor, Watch watch)
    : engine_(std::move(engine)), supervisor_(std::move(supervisor)), watch_(std::move(watch)) {}

void DecisionStage::run(Merge& merge, Lsn durable, supervisor::Changes& out) {
  merge.take(durable, {.advance =
                           [&](Lsn last, TimeMs time) {
                             engine_.advance(last, time, decisions_);
                             decide(out);
                             supervisor_.advance(time, out);
                           },
                       .item =
                           [&](const StreamItem& item) {
                             if (watch_.item) watch_.item(item);
                             engine_.step(item, decisions_);
                             decide(out);
                           },
                       .begin =
                           [&](const Passed& frame) {
                             if (watch_.begin) watch_.begin(frame);
                           },
                       .passed =
                           [&](const Passed& passed) {
                             if (watch_.passed) watch_.passed(passed);
                           }});
}

void DecisionStage::take(std::vector<Decision> decisions, supervisor::Changes& out) {
  decisions_ = std::move(decisions);
  decide(out);
}

void DecisionStage::decide(supervisor::Changes& out) {
  for (const Decision& decision : decisions_) {
    if (watch_.decision) watch_.decision(decision);
    supervisor_.step(decision, out);
  }
  decisions_.clear();
}

}  // namespace tocsin::pipeline
