#include "respond/url_text.h"

#include <fmt/format.h>

#include <cctype>

namespace tocsin::respond {

std::string url_text(std::string_view text) {
  std::string out;
  for (const unsigned char c : text) {
    const bool plain = std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain)
      out += static_cast<char>(c);
    else
      out += fmt::format("%{:02X}", c);
  }
  return out;
}

}  // namespace tocsin::respond
