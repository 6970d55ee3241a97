"""Normally distributed numbers from uniform ones, in C and in numpy, with the same bits.

Wichura (1988), Algorithm AS 241: the percentage points of the normal distribution, Applied Statistics
37:477-484. The logarithm is our own, of sums, products and quotients: libraries differ in its last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.instance import Floats

_LEAST = 2.0**-54  # in place of 0
_LN2 = 0.6931471805599453
_SERIES = [1.0 / (2 * k + 1) for k in range(12, -1, -1)]
# Of the middle, of the tails, and of what lies far out: numerator and denominator, the highest power first.
_MIDDLE = (
    [2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
     1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0],
    [5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
     5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0],
)  # fmt: skip
_TAIL = (
    [7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
     1.27045825245236838258e0, 3.64784832476320460504e0, 5.76949722146069140550e0,
     4.63033784615654529590e0, 1.42343711074968357734e0],
    [1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
     1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e0,
     2.05319162663775882187e0, 1.0],
)  # fmt: skip
_FAR = (
    [2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
     2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0,
     5.46378491116411436990e0, 6.65790464350110377720e0],
    [2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
     7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
     5.99832206555887937690e-1, 1.0],
)  # fmt: skip


def polynomial_in_c(coefficients: list[float], of: str) -> str:
    """Write a polynomial, the coefficient of the highest power first."""
    code = "0.0"
    for coefficient in coefficients:
        code = f"({code}*{of} + {coefficient!r})"
    return code


def _ratio_in_c(parts: tuple[list[float], list[float]], of: str) -> str:
    return f"{polynomial_in_c(parts[0], of)}/{polynomial_in_c(parts[1], of)}"


def body(split: str) -> str:
    """Return C that sets `value` from `u`; `split` gives p's mantissa m, in [0.5, 1), and exponent e."""
    return f"""\
const double q = u - 0.5;
double r = 0.180625 - q*q;
if (q <= 0.425 && q >= -0.425) {{
    value = q*({_ratio_in_c(_MIDDLE, "r")});
}}
else {{
    double p = q < 0.0 ? u : 1.0 - u;
    p = p < {_LEAST!r} ? {_LEAST!r} : p;
    int e = 0;
    double m = 0.0;
    {split}
    const double s = (m - 1.0)/(m + 1.0);
    const double z = s*s;
    r = sqrt(-(e*{_LN2!r} + 2.0*s*{polynomial_in_c(_SERIES, "z")}));
    if (r <= 5.0) {{ r = r - 1.6; r = {_ratio_in_c(_TAIL, "r")}; }}
    else {{ r = r - 5.0; r = {_ratio_in_c(_FAR, "r")}; }}
    value = q < 0.0 ? -r : r;
}}
"""


CODE = f"""
#ifndef NEUROSWEEP_NORMAL
#define NEUROSWEEP_NORMAL
#include <math.h>
static inline double normal_of(double u) {{
double value;
{body("m = frexp(p, &e);")}return value;
}}
#endif
"""


def normal_of(u: Any) -> Floats:
    """The number below which a normally distributed one is with probability u."""
    u = np.asarray(u, np.float64)
    q = u - 0.5
    middle = q * _ratio(_MIDDLE, 0.180625 - q * q)
    p = np.maximum(np.where(q < 0.0, u, 1.0 - u), _LEAST)
    m, e = np.frexp(p)
    s = (m - 1.0) / (m + 1.0)
    r = np.sqrt(-(e * _LN2 + 2.0 * s * _polynomial(_SERIES, s * s)))
    tail = np.where(r <= 5.0, _ratio(_TAIL, r - 1.6), _ratio(_FAR, r - 5.0))
    return np.asarray(np.where(np.abs(q) <= 0.425, middle, np.where(q < 0.0, -tail, tail)))


def _polynomial(coefficients: list[float], x: Floats) -> Floats:
    value = np.zeros_like(x)
    for coefficient in coefficients:
        value = value * x + coefficient
    return value


def _ratio(parts: tuple[list[float], list[float]], x: Floats) -> Floats:
    return _polynomial(parts[0], x) / _polynomial(parts[1], x)
