#pragma once
// Mail that comes in: section `mail`. Replies to Tocsin's own mails, and alerts that people and
// programs open by mail.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/folder.h"
#include "config/reference.h"
#include "net/address_list.h"
#include "vocabulary/alert.h"

namespace tocsin::respond {

// An address that a mail opens an alert at.
struct AlertAddress {
  std::string address;  // lower case
  Severity severity = Severity::kHigh;
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<std::string> senders;  // lower case; "ana@example.com", "@example.com", "*"
  int64_t per_hour = 20;             // of one sender

  bool takes(std::string_view sender) const;
};

struct MailIntake {
  enum class Answers : uint8_t { kAll, kProblems, kNone };

  config::Place place;  // of `listen`
  std::string address;  // lower case; replies come to local+TOKEN@domain; empty: none are taken
  Answers answers = Answers::kAll;
  std::vector<AlertAddress> alert_addresses;
  std::string listen;      // "127.0.0.1:2525"; empty = mail comes by HTTP only
  net::AddressList peers;  // who may connect; empty = this machine
  size_t message_bytes_max = 2 * 1024 * 1024;

  static MailIntake read(const config::Folder& folder, config::Problems& problems);
  static void describe(config::Reference& reference);
};

// "local", "plus part", "domain" of local+part@domain, in small letters; the part may be empty.
struct MailAddress {
  std::string local, part, domain;
  static std::optional<MailAddress> parse(std::string_view text);
  std::string base() const { return local + "@" + domain; }
};

}  // namespace tocsin::respond
