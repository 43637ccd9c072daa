#pragma once
// Received heartbeats in the running program: looks once a second who is late. When a sign came is
// known in memory alone: after a restart everybody has all of his time again, and an alert that was
// open stays open until its sign comes.

#include <mutex>

#include "server/alertmanager_desk.h"
#include "supervisor/heartbeats.h"
#include "tocsin/live.h"

namespace tocsin {

class LiveHeartbeats final : public server::HeartbeatDesk {
 public:
  explicit LiveHeartbeats(Live& live);  // outlives it
  void start();
  void sign(std::string name, std::string by, server::Done<server::HeartbeatTaken> done) override;
  void heartbeats(server::Done<std::vector<server::HeartbeatView>> done) override;

 private:
  void look();
  void configure();  // mutex_ held

  Live& live_;
  std::mutex mutex_;
  supervisor::Heartbeats heartbeats_;  // guarded by mutex_, as is the next
  std::shared_ptr<const Configuration> configuration_;
};

}  // namespace tocsin
