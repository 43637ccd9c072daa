#pragma once
// The file `tokens` of a data folder that an earlier version kept its API tokens in: read once, its
// tokens go to the database. One line per token, mode 0600:
//
//   1 <64 hex: BLAKE2b-256 of the token> <read|write|admin> <created, unix ms> <name>\n
//
// "1" is the version of the line. Lines that begin with "#" and empty lines are comments.

#include <string>
#include <vector>

#include "access/records.h"

namespace tocsin::access {

// Without the file: none. kCorrupt with file:line for a line that is not as above, kUnavailable if
// it cannot be read, kRefused if others may read it.
Result<std::vector<Token>> read_token_file(const std::string& path);

}  // namespace tocsin::access
