#pragma once
// Bayesian online change point detection (Adams and MacKay, 2007) over several series at once, with
// a Student t predictive under a normal-inverse-Wishart prior and a constant hazard: the detector
// of BARO (Pham, Ha, Zhang, FSE 2024). For the bench: a method to be compared with.

#include <cstddef>
#include <vector>

namespace tocsin::bench {

// `rows` by time, all of one width. Where a new run most probably began, ascending; never 0.
std::vector<size_t> change_points(const std::vector<std::vector<double>>& rows, double run_length);

}  // namespace tocsin::bench
