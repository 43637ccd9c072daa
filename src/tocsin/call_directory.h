#pragma once
// People, teams and schedules as an escalation asks for them: the on-call snapshot, and the ways to
// reach people that have a receiver. Immutable.

#include <memory>
#include <string>
#include <vector>

#include "oncall/on_call.h"
#include "respond/receiver.h"
#include "supervisor/directory.h"

namespace tocsin {

class CallDirectory final : public supervisor::Directory {
 public:
  CallDirectory(oncall::OnCall on_call, std::shared_ptr<const respond::Receivers> receivers,
                std::vector<std::string> admins)
      : on_call_(std::move(on_call)),
        receivers_(std::move(receivers)),
        admins_(std::move(admins)) {}

  std::vector<std::string> on_call(const std::string& schedule, TimeMs at) const override;
  std::vector<std::string> people_of(const std::string& team) const override;
  std::vector<supervisor::Contact> contacts(const std::string& person,
                                            Severity severity) const override;
  bool on_leave(const std::string& person, TimeMs at) const override;
  std::vector<std::string> admins() const override { return admins_; }
  std::vector<std::string> names(TargetKind kind) const override;

 private:
  oncall::OnCall on_call_;
  std::shared_ptr<const respond::Receivers> receivers_;
  std::vector<std::string> admins_;
};

// What a directory is made of.
struct Reach {
  oncall::OnCall on_call;
  std::shared_ptr<const respond::Receivers> receivers;
  std::vector<std::string> admins;
  std::shared_ptr<const supervisor::Directory> directory() const {
    return std::make_shared<CallDirectory>(on_call, receivers, admins);
  }
};

// A person's own receiver is called "alice/mail"; configured ones have no slash in their names.
bool is_own_receiver(std::string_view name);

}  // namespace tocsin
