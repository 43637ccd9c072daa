#include "net/metadata_host.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <string>

#include "net/address_list.h"

namespace tocsin::net {

bool names_metadata(std::string_view host) {
  std::string name;
  for (const char c : host) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  while (name.ends_with('.')) name.pop_back();
  const AddressList any;
  if (const auto address = parse_address(name)) return !any.allows(*address);
  // Also 2852039166, 0xa9fea9fe, 0251.0376.0251.0376 and 169.254.43518, as resolvers read them.
  in_addr four{};
  if (inet_aton(name.c_str(), &four) != 0) {
    char text[INET_ADDRSTRLEN];
    return !any.allows(std::string_view(inet_ntop(AF_INET, &four, text, sizeof text)));
  }
  // Names that only these services have; others are judged by the address they lead to.
  return name == "metadata" || name == "metadata.google.internal" || name == "instance-data" ||
         name == "instance-data.ec2.internal";
}

}  // namespace tocsin::net
