#pragma once
// For tests only: a second, naive reading of mail, written from the RFCs and not from mime.cc.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::respond::testing {

struct ReadMail {
  std::map<std::string, std::string> headers;  // folded lines joined with their CRLF
  std::map<std::string, std::string> parts;    // Content-Type -> decoded body
};

inline std::string decode_quoted_printable(std::string_view in) {
  std::string out;
  for (size_t i = 0; i < in.size(); ++i) {
    if (in[i] != '=') {
      out += in[i];
    } else if (in.substr(i + 1, 2) == "\r\n") {
      i += 2;
    } else {
      out += static_cast<char>(std::stoi(std::string(in.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    }
  }
  return out;
}

inline std::string decode_base64(std::string_view in) {
  static const std::string kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : in) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<uint32_t>(kDigits.find(c));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  return out;
}

// RFC 2047: white space between two encoded words is dropped.
inline std::string decode_header(std::string_view in) {
  std::string out;
  bool word_before = false;
  while (!in.empty()) {
    if (in.starts_with("=?UTF-8?B?")) {
      in.remove_prefix(10);
      const size_t end = in.find("?=");
      out += decode_base64(in.substr(0, end));
      in.remove_prefix(end + 2);
      word_before = true;
    } else if (in.starts_with("\r\n ")) {
      if (!word_before || !in.substr(3).starts_with("=?UTF-8?B?")) out += ' ';
      in.remove_prefix(3);
    } else {
      out += in.front();
      in.remove_prefix(1);
      word_before = false;
    }
  }
  return out;
}

inline std::string_view read_headers(std::string_view in, std::map<std::string, std::string>& out) {
  std::string last;
  while (!in.empty() && !in.starts_with("\r\n")) {
    const size_t end = in.find("\r\n");
    const std::string line(in.substr(0, end));
    if (line[0] == ' ' || line[0] == '\t') {
      out[last] += "\r\n" + line;
    } else {
      const size_t colon = line.find(": ");
      last = line.substr(0, colon);
      out[last] = line.substr(colon + 2);
    }
    in.remove_prefix(end + 2);
  }
  return in.substr(2);
}

inline ReadMail read_mail(std::string_view message) {
  ReadMail out;
  std::string_view body = read_headers(message, out.headers);
  const std::string& type = out.headers["Content-Type"];
  const size_t start = type.find("boundary=\"") + 10;
  const std::string mark = "--" + type.substr(start, type.find('"', start) - start);
  while (body.starts_with(mark + "\r\n")) {
    body.remove_prefix(mark.size() + 2);
    const size_t end = body.find("\r\n" + mark);
    std::map<std::string, std::string> headers;
    const std::string_view part = read_headers(body.substr(0, end), headers);
    out.parts[headers["Content-Type"]] = decode_quoted_printable(part);
    body.remove_prefix(end + 2);
  }
  return out;
}

}  // namespace tocsin::respond::testing
