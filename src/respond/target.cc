#include "respond/target.h"

#include <fmt/format.h>

namespace tocsin::respond {
namespace {

// More than any kind needs (20 numbers of a gateway); a service that answers in circles ends here.
constexpr int kStepsMax = 24;

void run_on(Way way, TargetPtr target, int steps, Step step, const Target::Done& done) {
  if (!step.request) return done(std::move(step.result));
  if (steps == kStepsMax)
    return done(
        end(Outcome::kRetry, "the service asks for more requests than one message needs").result);
  const auto sent = way.http.send(
      std::move(*step.request),
      [way, target, steps, then = std::move(step.then), done](const net::HttpAnswer& answer) {
        run_on(way, target, steps + 1, then(answer, way.clock.now()), done);
      });
  if (!sent) done(not_started(sent.error()));
}

}  // namespace

Result<TargetPtr> Target::for_address(const std::string&) const {
  return fail(ErrorCode::kInvalid,
              fmt::format("a receiver of kind {} cannot be addressed to one person", kind()));
}

Step ask(net::HttpRequest request, std::function<Step(const net::HttpAnswer&, TimeMs)> then) {
  return {std::move(request), std::move(then), {}};
}

Step end(DeliveryResult result) { return {std::nullopt, {}, std::move(result)}; }

Step end(Outcome outcome, std::string answer) {
  DeliveryResult result;
  result.outcome = outcome;
  result.answer = std::move(answer);
  return end(std::move(result));
}

void HttpTarget::deliver(const Way& way, const Message& message, Done done) const {
  run(way, begin(message), std::move(done));
}

void HttpTarget::run(const Way& way, Step step, Done done) const {
  run_on(way, shared_from_this(), 0, std::move(step), done);
}

DeliveryResult not_started(const Error& error) {
  const bool passing = error.code == ErrorCode::kExhausted || error.code == ErrorCode::kUnavailable;
  return end(passing ? Outcome::kRetry : Outcome::kFinal, "not sent: " + error.message).result;
}

}  // namespace tocsin::respond
