#include "base/html.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

TEST(Html, WhatCouldEndATextOrAnAttributeIsEscaped) {
  EXPECT_EQ(html_escaped("<a href='x'>\"&\"</a>"),
            "&lt;a href=&#39;x&#39;&gt;&#34;&amp;&#34;&lt;/a&gt;");
}

TEST(Html, AllElseStaysByteForByte) {
  std::string others;
  for (int byte = 0; byte < 256; ++byte)
    if (std::string_view("&<>\"'").find(static_cast<char>(byte)) == std::string_view::npos)
      others += static_cast<char>(byte);
  EXPECT_EQ(html_escaped(others), others);
}

}  // namespace
}  // namespace tocsin
