#pragma once
// The page of `tocsin detect --html`: one file that needs no other, written as the charts come.

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin {

class DetectPage {
 public:
  struct About {
    std::string models;  // as asked for
    std::string zone;    // of the times shown
    double threshold = 0;
  };
  static Result<DetectPage> create(const std::string& path, const About& about);

  // A chart as DetectChart::json() writes it.
  Result<void> add(std::string_view chart);
  Result<void> finish();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  DetectPage(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}
  Result<void> write(std::string_view text);

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace tocsin
