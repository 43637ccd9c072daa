#include "wire/mail_message.h"

#include <fmt/format.h>
#include <gmime/gmime.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <optional>

#include "base/text.h"
#include "wire/html_text.h"

namespace tocsin::wire {
namespace {

using Origin = MailMessage::Origin;

constexpr size_t kPartsMax = 500;
constexpr size_t kIdsMax = 100;
constexpr size_t kIdBytesMax = 998;  // a line of RFC 5322
// GMime reads parts within parts by recursion; a mail that people write has five levels, and one in
// which these words stand so often is none.
constexpr size_t kLevelsMax = 500;

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
template <class T>
using Owned = std::unique_ptr<T, Unref>;

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return text;
}

tl::unexpected<Error> refused(const std::string& why) {
  return fail(ErrorCode::kInvalid, "reading a mail failed: " + why);
}

// A level is a multipart, which has a boundary, or a message.
size_t levels_said(std::string_view bytes) {
  size_t out = 0;
  for (size_t at = 0; (at = bytes.find_first_of("bBmM", at)) != std::string_view::npos; ++at) {
    const std::string_view rest = bytes.substr(at, 8);
    out += rest.size() == 8 && (g_ascii_strncasecmp(rest.data(), "boundary", 8) == 0 ||
                                g_ascii_strncasecmp(rest.data(), "message/", 8) == 0);
  }
  return out;
}

// Before GMime sees it: what would cost it much, or is no mail.
Result<void> check_shape(std::string_view bytes) {
  if (bytes.find('\0') != std::string_view::npos) return refused("it holds a NUL byte");
  size_t lines = 0;
  for (size_t at = 0; at < bytes.size();) {
    const size_t end = std::min(bytes.find('\n', at), bytes.size());
    const std::string_view line = bytes.substr(at, end - at);
    if (line.empty() || line == "\r") break;
    at = end + 1;
    if (++lines > kMailHeaderLinesMax || at > kMailHeaderBytesMax)
      return refused(fmt::format("its header has more than {} lines or {} KB", kMailHeaderLinesMax,
                                 kMailHeaderBytesMax / 1024));
  }
  if (lines == 0) return refused("it has no header");
  if (levels_said(bytes) > kLevelsMax) return refused("it has too many parts within parts");
  return {};
}

// UTF-8 in one line without controls.
std::string one_line(const char* text, size_t bytes_max) {
  if (text == nullptr) return {};
  gchar* valid = g_utf8_make_valid(text, -1);
  std::string out(valid);
  g_free(valid);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  const size_t first = out.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  out = out.substr(first, out.find_last_not_of(' ') - first + 1);
  return cut_text(out, bytes_max);
}

std::string header(GMimeMessage* mail, const char* name) {
  return one_line(g_mime_object_get_header(GMIME_OBJECT(mail), name), kIdBytesMax);
}

void add_ids(GMimeMessage* mail, const char* name, bool nearest_last,
             std::vector<std::string>& out) {
  const char* text = g_mime_object_get_header(GMIME_OBJECT(mail), name);
  if (text == nullptr) return;
  GMimeReferences* ids = g_mime_references_parse(nullptr, text);
  const int count = g_mime_references_length(ids);
  for (int i = 0; i < count && out.size() < kIdsMax; ++i) {
    const char* id = g_mime_references_get_message_id(ids, nearest_last ? count - 1 - i : i);
    if (id != nullptr) out.push_back(one_line(id, kIdBytesMax));
  }
  g_mime_references_free(ids);
}

void add_addresses(InternetAddressList* list, std::vector<std::string>& out, int depth = 0) {
  if (list == nullptr || depth > 3) return;
  for (int i = 0; i < internet_address_list_length(list) && out.size() < kMailAddressesMax; ++i) {
    InternetAddress* one = internet_address_list_get_address(list, i);
    if (INTERNET_ADDRESS_IS_GROUP(one)) {
      add_addresses(internet_address_group_get_members(INTERNET_ADDRESS_GROUP(one)), out,
                    depth + 1);
      continue;
    }
    const char* address = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one));
    if (address != nullptr && *address != '\0')
      out.push_back(lower(one_line(address, kIdBytesMax)));
  }
}

void add_addresses(GMimeMessage* mail, const char* name, std::vector<std::string>& out) {
  const char* text = g_mime_object_get_header(GMIME_OBJECT(mail), name);
  if (text == nullptr) return;
  InternetAddressList* list = internet_address_list_parse(nullptr, text);
  if (list == nullptr) return;
  add_addresses(list, out);
  g_object_unref(list);
}

bool is_type(GMimeObject* part, const char* type, const char* subtype) {
  GMimeContentType* said = g_mime_object_get_content_type(part);
  return said != nullptr && g_mime_content_type_is_type(said, type, subtype);
}

Origin origin_of(GMimeMessage* mail) {
  GMimeObject* body = g_mime_message_get_mime_part(mail);
  if (!header(mail, "X-Tocsin-Delivery").empty()) return Origin::kOurs;
  if (header(mail, "Return-Path") == "<>" ||
      (body != nullptr && is_type(body, "multipart", "report")))
    return Origin::kBounce;
  const std::string automatic = lower(header(mail, "Auto-Submitted"));
  if (automatic.starts_with("auto-generated")) return Origin::kProgram;
  if (!automatic.empty() && !automatic.starts_with("no")) return Origin::kReply;
  for (const char* name : {"X-Autoreply", "X-Autorespond", "X-Autogenerated"})
    if (!header(mail, name).empty()) return Origin::kReply;
  const std::string precedence = lower(header(mail, "Precedence"));
  if (precedence == "auto_reply") return Origin::kReply;
  for (const char* word : {"bulk", "list", "junk"})
    if (precedence == word) return Origin::kList;
  return Origin::kPerson;
}

std::string text_of(GMimeObject* part) {
  char* text = g_mime_text_part_get_text(GMIME_TEXT_PART(part));
  if (text == nullptr) return {};
  gchar* valid = g_utf8_make_valid(text, -1);
  std::string out(valid);
  g_free(valid);
  g_free(text);
  std::erase(out, '\r');
  return out;
}

// The first text that is no attachment, and the first HTML, in the order of the parts.
struct Texts {
  std::optional<std::string> plain, html;
};

Texts find_texts(GMimeObject* root) {
  Texts out;
  std::vector<GMimeObject*> left{root};
  for (size_t seen = 0; !left.empty() && seen < kPartsMax && !out.plain; ++seen) {
    GMimeObject* part = left.back();
    left.pop_back();
    if (part == nullptr) continue;
    if (GMIME_IS_MULTIPART(part)) {
      auto* parts = GMIME_MULTIPART(part);
      const int count = std::min<int>(g_mime_multipart_get_count(parts), kPartsMax);
      for (int i = count - 1; i >= 0; --i) left.push_back(g_mime_multipart_get_part(parts, i));
    } else if (GMIME_IS_TEXT_PART(part) && !g_mime_part_is_attachment(GMIME_PART(part))) {
      if (is_type(part, "text", "plain"))
        out.plain = text_of(part);
      else if (is_type(part, "text", "html") && !out.html)
        out.html = text_of(part);
    }
  }
  return out;
}

std::string words_of(GMimeMessage* mail) {
  const Texts texts = find_texts(g_mime_message_get_mime_part(mail));
  const bool blank = !texts.plain || texts.plain->find_first_not_of(" \n\t") == std::string::npos;
  if (!blank) return cut_text(*texts.plain, kMailTextBytesMax);
  return texts.html ? html_text(*texts.html, kMailTextBytesMax) : "";
}

size_t hops_of(GMimeMessage* mail) {
  GMimeHeaderList* all = g_mime_object_get_header_list(GMIME_OBJECT(mail));
  size_t out = 0;
  for (int i = 0; i < g_mime_header_list_get_count(all); ++i) {
    const char* name = g_mime_header_get_name(g_mime_header_list_get_header_at(all, i));
    out += name != nullptr && g_ascii_strcasecmp(name, "Received") == 0;
  }
  return out;
}

Owned<GMimeMessage> read_message(std::string_view bytes) {
  static std::once_flag once;
  std::call_once(once, [] { g_mime_init(); });
  const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size()));
  const Owned<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
  return Owned<GMimeMessage>(g_mime_parser_construct_message(parser.get(), nullptr));
}

}  // namespace

std::string_view to_text(Origin origin) {
  switch (origin) {
    case Origin::kPerson:
      return "person";
    case Origin::kProgram:
      return "program";
    case Origin::kReply:
      return "automatic reply";
    case Origin::kBounce:
      return "bounce";
    case Origin::kList:
      return "list";
    case Origin::kOurs:
      return "own mail";
  }
  return "";
}

Result<MailMessage> parse_mail(std::string_view bytes) {
  if (const auto fits = check_shape(bytes); !fits) return fail(fits.error());
  const Owned<GMimeMessage> mail = read_message(bytes);
  if (mail == nullptr) return refused("it is no message of RFC 5322");
  MailMessage out;
  std::vector<std::string> from;
  add_addresses(g_mime_message_get_from(mail.get()), from);
  if (from.empty()) return refused("it names no sender (From)");
  out.from = std::move(from.front());
  for (const char* name : {"To", "Cc", "Delivered-To", "X-Original-To"})
    add_addresses(mail.get(), name, out.to);
  out.id = one_line(g_mime_message_get_message_id(mail.get()), kIdBytesMax);
  add_ids(mail.get(), "In-Reply-To", false, out.answers);
  add_ids(mail.get(), "References", true, out.answers);
  out.subject = one_line(g_mime_message_get_subject(mail.get()), kMailSubjectBytesMax);
  out.origin = origin_of(mail.get());
  out.hops = hops_of(mail.get());
  out.severity = header(mail.get(), "X-Tocsin-Severity");
  out.labels = header(mail.get(), "X-Tocsin-Labels");
  out.text = words_of(mail.get());
  return out;
}

}  // namespace tocsin::wire
