#pragma once
// Who can be told, and how: section `receivers` of the configuration. Plain values, fixed after
// reading; shared by threads without a lock.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/folder.h"
#include "config/reference.h"
#include "respond/links.h"
#include "respond/secret.h"
#include "respond/target.h"
#include "respond/template.h"

namespace tocsin::respond {

struct Receiver {
  std::string name;
  std::string place;       // file:line
  bool updates = false;    // whether "updated" events are sent, not only opened and resolved
  bool customers = false;  // a customer's: no links that act, no word of who else is told
  size_t parallel = 4;     // requests at once to this receiver
  TargetPtr target;        // never null
  Template title = {}, text = {};  // empty = the built-in words
  std::string_view kind() const { return target->kind(); }
};

// A person's own receiver: what `base` holds (server, credentials, limits), told at `address`, a
// mail address, a number or a user's id. kInvalid: base is of another kind, or of one that has no
// addresses, or the address is none. The caller gives it its name.
Result<Receiver> receiver_for(std::string_view kind, const std::string& address,
                              const Receiver& base);

// Fills in the receiver's templates. What fails keeps its built-in words; the answer says why,
// empty if all went well.
std::string own_words(const Receiver& receiver, Message& message);

class Receivers {
 public:
  // Problems are added for what is wrong; the result is then not to be used.
  // Without the section there is one receiver: `inbox`.
  static Receivers read(const config::Folder& folder, const SecretSources& secrets,
                        config::Problems& problems);
  static void describe(config::Reference& reference);
  Receivers() = default;
  Receivers(std::vector<Receiver> list, Links links)
      : list_(std::move(list)), links_(std::move(links)) {}

  // Before it is shared: these are customers'.
  void set_customers(const std::set<std::string>& names);
  // Before it is shared; a name that is there already is refused: false.
  bool add(Receiver receiver);
  const std::vector<Receiver>& list() const { return list_; }
  const Receiver* find(std::string_view name) const;  // nullptr if there is none
  std::vector<std::string> names() const;
  const Links& links() const { return links_; }
  // Unless the configuration gives one: how this server is reached from where it runs.
  void set_own_url(const std::string& url) {
    if (!links_.external_url_given) links_.external_url = url;
  }
  // Mails can be replied to from now on; empty: they cannot.
  void set_reply_address(std::string address) { links_.reply_address = std::move(address); }
  // Messages carry links that act from now on.
  void set_signer(std::shared_ptr<const ActSigner> signer) { links_.signer = std::move(signer); }

 private:
  std::vector<Receiver> list_;
  Links links_;
};

}  // namespace tocsin::respond
