#pragma once
// The embedded pages as the server wants them: types, compressed copies and tags, made once at
// start.

#include <memory>
#include <string>
#include <vector>

#include "server/assets.h"

namespace tocsin {

class EmbeddedPages {
 public:
  EmbeddedPages();
  const server::Pages* pages() const { return pages_.get(); }  // null if the build had no pages

 private:
  std::vector<std::string> texts_;  // what the views of assets_ point into
  std::vector<server::Asset> assets_;
  std::unique_ptr<server::Pages> pages_;
};

}  // namespace tocsin
