#pragma once
// What the program can do; each gives its exit status.

#include <cstdint>

namespace tocsin::bench {

int print_kinds();

}  // namespace tocsin::bench
