#include "net/smtp_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/text.h"

namespace tocsin::net {
namespace {

constexpr size_t kReplyMax = 500;
constexpr size_t kRecipientsMax = 100;  // RFC 5321, 4.5.3.1.8: what every server must take

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

bool plain(char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; }

bool valid_host(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::strchr(".-_:[]", c) != nullptr;
  });
}

class SmtpTransfer final : public Transfer {
 public:
  SmtpTransfer(const SmtpServer& server, SmtpMail mail, DurationMs timeout,
               SmtpClient::Callback callback)
      : server_(server),
        mail_(std::move(mail)),
        timeout_(timeout),
        callback_(std::move(callback)),
        lane_(fmt::format("smtp://{}:{}", server.host, server.port)) {}

  const std::string& lane() const override { return lane_; }
  const AddressList& allowed() const override { return server_.allowed; }
  bool prepare(void* easy) override;
  void finish(void* easy, int curl_code, std::string_view error) override;

 private:
  bool prepare_security(CURL* easy) const;
  static size_t on_reply(char* data, size_t size, size_t count, void* self);
  static size_t give_message(char* out, size_t size, size_t count, void* self);

  SmtpServer server_;
  SmtpMail mail_;
  DurationMs timeout_;
  SmtpClient::Callback callback_;
  std::string lane_;
  std::string url_;
  std::unique_ptr<curl_slist, ListDeleter> recipients_;
  size_t given_ = 0;  // bytes of the message handed to curl
  SmtpAnswer answer_;
};

bool SmtpTransfer::prepare(void* easy) {
  const auto set = [easy](CURLoption option, auto value) {
    return curl_easy_setopt(easy, option, value) == CURLE_OK;
  };
  url_ = fmt::format("{}://{}:{}/{}", server_.security == SmtpSecurity::kTls ? "smtps" : "smtp",
                     server_.host, server_.port, server_.hello);
  for (const std::string& to : mail_.to)
    recipients_.reset(curl_slist_append(recipients_.release(), ("<" + to + ">").c_str()));
  return set(CURLOPT_URL, url_.c_str()) && set(CURLOPT_PROTOCOLS_STR, "smtp,smtps") &&
         set(CURLOPT_PROXY, "") && set(CURLOPT_MAIL_FROM, ("<" + mail_.from + ">").c_str()) &&
         set(CURLOPT_MAIL_RCPT, recipients_.get()) &&
         // One address that is gone must not keep the others from being told.
         set(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L) && set(CURLOPT_UPLOAD, 1L) &&
         set(CURLOPT_READFUNCTION, &SmtpTransfer::give_message) && set(CURLOPT_READDATA, this) &&
         set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(mail_.message.size())) &&
         set(CURLOPT_HEADERFUNCTION, &SmtpTransfer::on_reply) && set(CURLOPT_HEADERDATA, this) &&
         set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<int64_t>(1, timeout_.count))) &&
         set(CURLOPT_CONNECTTIMEOUT_MS, std::min(10'000L, static_cast<long>(timeout_.count))) &&
         prepare_security(easy);
}

bool SmtpTransfer::prepare_security(CURL* easy) const {
  const auto set = [easy](CURLoption option, auto value) {
    return curl_easy_setopt(easy, option, value) == CURLE_OK;
  };
  bool good = true;
  if (server_.security == SmtpSecurity::kStartTls)
    good = set(CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  if (!server_.ca_file.empty()) good = good && set(CURLOPT_CAINFO, server_.ca_file.c_str());
  if (!server_.user.empty())
    good = good && set(CURLOPT_USERNAME, server_.user.c_str()) &&
           set(CURLOPT_PASSWORD, server_.password.c_str()) &&
           set(CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
  return good;
}

// curl hands the server's replies over as headers.
size_t SmtpTransfer::on_reply(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<SmtpTransfer*>(self);
  std::string_view line(data, size * count);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  SmtpAnswer& answer = transfer.answer_;
  answer.text = cut_text(line, kReplyMax);
  // Before the message is asked for, a refusal that does not end the dialogue is a recipient's.
  const bool refusal = line.size() > 3 && (line[0] == '4' || line[0] == '5');
  if (refusal && transfer.given_ == 0 && answer.refused.size() < kRecipientsMax)
    answer.refused.push_back(answer.text);
  return size * count;
}

size_t SmtpTransfer::give_message(char* out, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<SmtpTransfer*>(self);
  const std::string& message = transfer.mail_.message;
  const size_t bytes = std::min(size * count, message.size() - transfer.given_);
  std::memcpy(out, message.data() + transfer.given_, bytes);
  transfer.given_ += bytes;
  return bytes;
}

void SmtpTransfer::finish(void* easy, int curl_code, std::string_view error) {
  if (easy != nullptr) {
    long status = 0;
    curl_off_t elapsed_us = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &elapsed_us);
    answer_.status = static_cast<int>(status);
    answer_.elapsed = milliseconds((elapsed_us + 500) / 1000);
  }
  if (curl_code != CURLE_OK) answer_.error = error.empty() ? "failed" : error;
  callback_(std::move(answer_));
}

Result<void> check(const SmtpServer& server, const SmtpMail& mail) {
  if (!valid_host(server.host) || (!server.hello.empty() && !valid_host(server.hello)))
    return fail(ErrorCode::kInvalid, "\"" + cut_text(server.host, 60) + "\" is no mail host");
  if (mail.to.empty() || mail.to.size() > kRecipientsMax)
    return fail(ErrorCode::kInvalid, fmt::format("a mail goes to 1 to {} addresses, not {}",
                                                 kRecipientsMax, mail.to.size()));
  std::vector<std::string> all = mail.to;
  all.push_back(mail.from);
  for (const std::string& address : all)
    if (!valid_mail_address(address))
      return fail(ErrorCode::kInvalid, "\"" + cut_text(address, 60) + "\" is no mail address");
  return {};
}

}  // namespace

bool valid_mail_address(std::string_view address) {
  const size_t at = address.rfind('@');
  return address.size() <= 254 && at != std::string_view::npos && at > 0 &&
         at + 1 < address.size() && std::all_of(address.begin(), address.end(), plain) &&
         address.find_first_of("<>,;") == std::string_view::npos;
}

Result<void> SmtpClient::send(const SmtpServer& server, SmtpMail mail, DurationMs timeout,
                              Callback callback) {
  if (const auto good = check(server, mail); !good) return fail(good.error());
  return outbound_.submit(
      std::make_unique<SmtpTransfer>(server, std::move(mail), timeout, std::move(callback)));
}

}  // namespace tocsin::net
