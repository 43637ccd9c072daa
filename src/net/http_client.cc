#include "net/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "net/metadata_host.h"

namespace tocsin::net {
namespace {

constexpr size_t kAnswerBodyMax = 64 * 1024;
constexpr size_t kAnswerHeadersMax = 16 * 1024;
constexpr DurationMs kConnectMax = seconds(5);

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::string url_part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string out(text);
  curl_free(text);
  return out;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool is_token(std::string_view text) {
  constexpr std::string_view kExtra = "!#$%&'*+-.^_`|~";  // RFC 9110, 5.6.2
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kExtra.find(c) != std::string_view::npos;
  });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

class HttpTransfer final : public Transfer {
 public:
  HttpTransfer(HttpRequest request, std::string lane, HttpClient::Callback callback)
      : request_(std::move(request)), lane_(std::move(lane)), callback_(std::move(callback)) {}

  const std::string& lane() const override { return lane_; }
  const AddressList& allowed() const override { return request_.allowed; }
  bool prepare(void* easy) override;
  void finish(void* easy, int curl_code, std::string_view error) override;

 private:
  bool prepare_trust(CURL* easy) const;
  static size_t on_header(char* data, size_t size, size_t count, void* self);
  static size_t on_body(char* data, size_t size, size_t count, void* self);

  HttpRequest request_;
  std::string lane_;
  HttpClient::Callback callback_;
  std::unique_ptr<curl_slist, ListDeleter> header_list_;
  HttpAnswer answer_;
  size_t header_bytes_ = 0;
};

bool HttpTransfer::prepare(void* easy) {
  const auto set = [easy](CURLoption option, auto value) {
    return curl_easy_setopt(easy, option, value) == CURLE_OK;
  };
  // An empty Expect keeps curl from waiting a second for "100 Continue".
  std::string lines = "Expect:";
  header_list_.reset(curl_slist_append(nullptr, "Expect:"));
  for (const auto& [name, value] : request_.headers.pairs()) {
    lines = value.empty() ? name + ";" : name + ": " + value;
    header_list_.reset(curl_slist_append(header_list_.release(), lines.c_str()));
  }
  const long timeout_ms = static_cast<long>(std::max<int64_t>(1, request_.timeout.count));
  const long connect_ms = std::min(timeout_ms, static_cast<long>(kConnectMax.count));
  bool good =
      set(CURLOPT_URL, request_.url.c_str()) && set(CURLOPT_PROTOCOLS_STR, "http,https") &&
      set(CURLOPT_PROXY, request_.proxy.c_str()) && set(CURLOPT_HTTPHEADER, header_list_.get()) &&
      set(CURLOPT_HEADERFUNCTION, &HttpTransfer::on_header) && set(CURLOPT_HEADERDATA, this) &&
      set(CURLOPT_WRITEFUNCTION, &HttpTransfer::on_body) && set(CURLOPT_WRITEDATA, this) &&
      set(CURLOPT_TIMEOUT_MS, timeout_ms) && set(CURLOPT_CONNECTTIMEOUT_MS, connect_ms) &&
      set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS)) && prepare_trust(easy);
  if (request_.method == "HEAD") return good && set(CURLOPT_NOBODY, 1L);
  if (!request_.body.empty() || request_.method != "GET")
    good = good &&
           set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size())) &&
           set(CURLOPT_POSTFIELDS, request_.body.data());
  return good && set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

bool HttpTransfer::prepare_trust(CURL* easy) const {
  if (request_.ca_file.empty()) return true;
  return curl_easy_setopt(easy, CURLOPT_CAINFO, request_.ca_file.c_str()) == CURLE_OK;
}

size_t HttpTransfer::on_header(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {  // of a final answer, or an interim one before it
    transfer.answer_.headers.clear();
    transfer.header_bytes_ = 0;
    return line.size();
  }
  transfer.header_bytes_ += line.size();
  const size_t colon = line.find(':');
  if (transfer.header_bytes_ <= kAnswerHeadersMax && colon != std::string_view::npos)
    transfer.answer_.headers.add(std::string(trimmed(line.substr(0, colon))),
                                 std::string(trimmed(line.substr(colon + 1))));
  return line.size();
}

// Taking less than was offered ends the transfer: nobody can feed us without end.
size_t HttpTransfer::on_body(char* data, size_t size, size_t count, void* self) {
  HttpAnswer& answer = static_cast<HttpTransfer*>(self)->answer_;
  const size_t offered = size * count;
  const size_t taken = std::min(offered, kAnswerBodyMax - answer.body.size());
  answer.body.append(data, taken);
  answer.body_cut = taken < offered;
  return taken;
}

void HttpTransfer::finish(void* easy, int curl_code, std::string_view error) {
  if (easy != nullptr) {
    long status = 0;
    long opened = 0;
    curl_off_t elapsed_us = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &opened);
    curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &elapsed_us);
    answer_.status = static_cast<int>(status);
    answer_.reused_connection = opened == 0 && status != 0;
    answer_.elapsed = milliseconds((elapsed_us + 500) / 1000);
  }
  // Once the status has come the other side has decided; what breaks after that is only the body.
  if (answer_.status < 200) answer_.status = 0;
  const bool enough = curl_code == CURLE_WRITE_ERROR && answer_.body_cut;
  if (curl_code != CURLE_OK && !enough) answer_.error = error;
  callback_(std::move(answer_));
}

}  // namespace

Result<void> check_request(const HttpRequest& request) {
  if (!is_token(request.method))
    return fail(ErrorCode::kInvalid, "\"" + request.method + "\" is no HTTP method");
  for (const auto& [name, value] : request.headers.pairs())
    if (!is_token(name) || std::any_of(value.begin(), value.end(), is_control))
      return fail(ErrorCode::kInvalid,
                  "header \"" + cut_text(name, 60) + "\" holds characters that HTTP forbids");
  return {};
}

Result<Url> parse_url(std::string_view text) {
  constexpr const char* kHelp = "; write https://host/path";
  const std::unique_ptr<CURLU, UrlDeleter> url(curl_url());
  if (std::any_of(text.begin(), text.end(), [](char c) { return is_control(c) || c == ' '; }))
    return fail(ErrorCode::kInvalid, std::string("the URL holds a blank or a control") + kHelp);
  const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), 0);
  if (code != CURLUE_OK)
    return fail(ErrorCode::kInvalid,
                fmt::format("this is no URL: {}{}", curl_url_strerror(code), kHelp));
  Url out{.scheme = url_part(url.get(), CURLUPART_SCHEME),
          .host = url_part(url.get(), CURLUPART_HOST),
          .port = url_part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT)};
  if (out.scheme != "http" && out.scheme != "https")
    return fail(ErrorCode::kInvalid, "the URL must begin with http:// or https://");
  if (out.host.empty())
    return fail(ErrorCode::kInvalid, std::string("the URL has no host") + kHelp);
  if (!url_part(url.get(), CURLUPART_USER).empty() ||
      !url_part(url.get(), CURLUPART_PASSWORD).empty())
    return fail(ErrorCode::kInvalid, "the URL holds a user or password; give them as a secret");
  return out;
}

std::optional<DurationMs> parse_retry_after(std::string_view text, TimeMs now) {
  text = trimmed(text);
  DurationMs span;
  if (const auto count = parse_int(text)) {
    if (*count < 0) return std::nullopt;
    span = seconds(std::min<int64_t>(*count, 86'400));
  } else {
    const time_t date = curl_getdate(std::string(text).c_str(), nullptr);
    if (date == -1) return std::nullopt;
    span = TimeMs{static_cast<int64_t>(date) * 1000} - now;
  }
  return std::clamp(span, DurationMs{0}, days(1));
}

Result<void> HttpClient::send(HttpRequest request, Callback callback) {
  const auto url = parse_url(request.url);
  if (!url) return fail(url.error());
  if (const auto good = check_request(request); !good) return fail(good.error());
  // Behind a proxy the connection shows the proxy's address: what can be judged is the URL's.
  if (!request.proxy.empty() && names_metadata(url->host))
    return fail(ErrorCode::kRefused, "the URL names a cloud's metadata service");
  return outbound_.submit(
      std::make_unique<HttpTransfer>(std::move(request), url->origin(), std::move(callback)));
}

}  // namespace tocsin::net
