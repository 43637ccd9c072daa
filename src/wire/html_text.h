#pragma once
// The words of an HTML mail, for mail programs that send no plain text beside it.

#include <string>
#include <string_view>

namespace tocsin::wire {

// Lines as a reader sees them: block elements and <br> begin a new one, what stands in a
// <blockquote> begins with "> " as quoted text does, head, scripts, styles and comments are left
// out. Of character references the numbered ones and the usual names are known; others stay as they
// are. Never longer than `bytes_max`.
std::string html_text(std::string_view html, size_t bytes_max);

}  // namespace tocsin::wire
