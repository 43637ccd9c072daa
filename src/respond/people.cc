#include "respond/people.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace tocsin::respond {
namespace {

// The configured receiver whose server and credentials a method uses.
const Receiver* base_of(const std::vector<Receiver>& configured,
                        const oncall::ContactMethod& method) {
  const auto found = std::find_if(configured.begin(), configured.end(), [&](const Receiver& one) {
    return method.via.empty() ? one.kind() == to_text(method.by) : one.name == method.via;
  });
  return found == configured.end() ? nullptr : &*found;
}

}  // namespace

std::vector<Unreachable> add_people(const oncall::Roster& roster, Receivers& receivers,
                                    config::Problems& problems) {
  const std::vector<Receiver> configured = receivers.list();
  std::vector<Unreachable> out;
  for (const oncall::Person& person : roster.people())
    for (const oncall::ContactMethod& method : person.notify) {
      const Receiver* base = base_of(configured, method);
      if (base == nullptr && method.via.empty()) {
        out.push_back({person.name, method.receiver,
                       fmt::format("no receiver of kind {} is configured", to_text(method.by))});
        continue;
      }
      if (base == nullptr) {
        problems.add(method.place, fmt::format("via: there is no receiver \"{}\"", method.via));
        continue;
      }
      auto made = receiver_for(to_text(method.by), method.to, *base);
      if (!made) {
        problems.add(method.place, made.error().message);
        continue;
      }
      made->name = method.receiver;
      made->place = method.place.file_line();
      receivers.add(std::move(*made));
    }
  return out;
}

}  // namespace tocsin::respond
