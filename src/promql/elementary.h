#pragma once
// Elementary functions to the last bit as the runtime of Prometheus computes them: the C library's
// differ from them in the last place now and then. The methods are the published ones of fdlibm
// (log, log1p, inverse hyperbolic), Cephes (trigonometric, tanh), Hart & Cheney (sinh) and Shibata
// (exp); what has to agree is every constant and the order of operations.

namespace tocsin::promql::elementary {

double exp(double x);
double log(double x);
double log1p(double x);
double log2(double x);
double log10(double x);
double pow(double x, double y);
double sin(double x);
double cos(double x);
double tan(double x);
double asin(double x);
double acos(double x);
double atan(double x);
double atan2(double y, double x);
double sinh(double x);
double cosh(double x);
double tanh(double x);
double asinh(double x);
double acosh(double x);
double atanh(double x);

}  // namespace tocsin::promql::elementary
