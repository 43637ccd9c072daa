#pragma once
// Links and buttons in messages: the key they are signed with, and who presses them.

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "respond/acts.h"
#include "server/acts.h"
#include "tocsin/configuration.h"

namespace tocsin {

// The key that links are signed with, DATA/act.key: 64 hexadecimal digits, made on the first start.
// Without it (it was removed) links given out before are no longer good.
Result<std::shared_ptr<const respond::ActSigner>> load_act_signer(const std::string& data);

// Who answers a message that went to `who`, an address or a receiver's name: a person's name for
// their own receiver or address, a receiver's for one that several read.
std::string follower(const Configuration& configuration, const std::string& who);

using ConfigurationNow = std::function<std::shared_ptr<const Configuration>()>;
// What it holds on to outlives it.
server::ActDesk make_act_desk(std::shared_ptr<const respond::ActSigner> signer,
                              ConfigurationNow configuration, const Clock& clock);

}  // namespace tocsin
