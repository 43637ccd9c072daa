#pragma once
// The command line's way to users and tokens: the server's own routes, asked over HTTP while a
// server runs on the data folder, else in this process on the database itself. What they do, check
// and record is the same.

#include <memory>
#include <string>

#include "base/result.h"

namespace tocsin {

struct AccessAnswer {
  int status = 0;
  std::string body;
};

class AccessApi {
 public:
  virtual ~AccessApi() = default;
  // body: JSON or empty. Errors: it could not be asked.
  virtual Result<AccessAnswer> call(std::string method, std::string path, std::string body) = 0;

  // make: a data folder that is not there is made.
  static Result<std::unique_ptr<AccessApi>> open(const std::string& data, bool make);
};

}  // namespace tocsin
