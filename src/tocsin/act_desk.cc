#include "tocsin/act_desk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "respond/slack.h"

namespace tocsin {
namespace {

constexpr size_t kKeyBytes = 32;

Result<std::string> make_key(const std::string& path) {
  std::array<unsigned char, kKeyBytes> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return fail(ErrorCode::kInternal, "making the key of message links failed: no random bytes");
  std::string key;
  for (const unsigned char byte : bytes) key += fmt::format("{:02x}", byte);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  const auto size = static_cast<ssize_t>(key.size());
  const bool written = file >= 0 && ::write(file, key.data(), key.size()) == size;
  const bool kept = written && ::fsync(file) == 0;
  if (file >= 0) ::close(file);
  if (!kept) return fail(ErrorCode::kUnavailable, "writing " + path + " failed; is the disk full?");
  return key;
}

// A person's name in the configuration, or what Slack calls them.
std::string presser(const Configuration& configuration, const respond::SlackPress& press) {
  if (configuration.roster)
    for (const oncall::Person& person : configuration.roster->people())
      if (person.slack == press.user_id) return person.name;
  return fmt::format("{} (Slack {})", press.user_name, press.user_id);
}

Result<std::optional<server::WantedAct>> open_slack(const Configuration& configuration,
                                                    const net::Request& request, TimeMs now) {
  const auto& all = configuration.receivers->list();
  const bool ours = std::any_of(all.begin(), all.end(), [&](const respond::Receiver& receiver) {
    const auto* slack = dynamic_cast<const respond::SlackTarget*>(receiver.target.get());
    return slack != nullptr && !slack->signing_secret.empty() &&
           respond::slack_signed(slack->signing_secret,
                                 request.headers.get("X-Slack-Request-Timestamp"),
                                 request.headers.get("X-Slack-Signature"), request.body, now);
  });
  if (!ours)
    return fail(ErrorCode::kRefused,
                "a button press was refused: it is not signed with the signing_secret of a slack "
                "receiver, or is older than five minutes");
  auto press = respond::parse_slack_press(request.body);
  if (!press) return fail(press.error());
  if (!*press) return std::optional<server::WantedAct>();
  return std::optional<server::WantedAct>({(*press)->alert,
                                           std::string(respond::to_text((*press)->act)),
                                           presser(configuration, **press)});
}

}  // namespace

std::string follower(const Configuration& configuration, const std::string& who) {
  if (configuration.roster) {
    for (const oncall::Person& person : configuration.roster->people()) {
      if (person.email == who) return person.name;
      for (const oncall::ContactMethod& method : person.notify)
        if (method.receiver == who) return person.name;
    }
  }
  return who.find('@') == std::string::npos ? who + " (link)" : who;
}

Result<std::shared_ptr<const respond::ActSigner>> load_act_signer(const std::string& data) {
  const std::string path = data + "/act.key";
  std::string key;
  if (std::ifstream file(path); file) {
    std::getline(file, key);
  } else {
    ::mkdir(data.c_str(), S_IRWXU);  // the first start; what is wrong with it is said later
    auto made = make_key(path);
    if (!made) return fail(made.error());
    key = std::move(*made);
  }
  if (key.size() != 2 * kKeyBytes)
    return fail(ErrorCode::kCorrupt,
                path + " does not hold the 64 digits of a key; remove it and a new one is made");
  return std::make_shared<const respond::ActSigner>(respond::Secret(std::move(key)));
}

server::ActDesk make_act_desk(std::shared_ptr<const respond::ActSigner> signer,
                              ConfigurationNow configuration, const Clock& clock) {
  server::ActDesk out;
  out.open_link = [signer, configuration,
                   &clock](std::string_view token) -> Result<server::WantedAct> {
    const auto link = signer->open(token, clock.now());
    if (!link) return fail(link.error());
    return server::WantedAct{link->alert, std::string(respond::to_text(link->act)),
                             follower(*configuration(), link->who)};
  };
  out.open_slack = [configuration, &clock](const net::Request& request) {
    return open_slack(*configuration(), request, clock.now());
  };
  return out;
}

}  // namespace tocsin
