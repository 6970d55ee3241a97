"""Functions that Brian2's code calls, written twice: in C and in numpy, with the same bits.

exp() differs in the last bit between libraries and between numpy and C. These use only sums, products,
quotients and shifts, in the same order in both languages, so that a network gives the same bits on every
machine and target.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import factorial
from typing import Any

import numpy as np

from workers.instance import Floats
from workers.simulators import keyed
from workers.simulators.brian2.normal import CODE, normal_of

_PARTS = 64  # exp(x) = 2**whole * 2**(part/64) * (1 + a short series)
_PER_PART = _PARTS * 1.4426950408889634
_HIGH, _LOW = 6.93147180369123816490e-01 / _PARTS, 1.90821492927058770002e-10 / _PARTS  # of ln(2), in two
_POWERS = np.array([float(Decimal(2) ** (Decimal(part) / _PARTS)) for part in range(_PARTS)])
_SERIES = [1.0 / factorial(i) for i in range(5, -1, -1)]  # right to 1e-16
_LARGEST = 700.0  # exp of more overflows

_C = """
#ifndef NEUROSWEEP_FUNCTIONS
#define NEUROSWEEP_FUNCTIONS
#include <math.h>
#include <stdint.h>
#include <string.h>
static const double powers[64] = {POWERS};
static inline double exponential(double x) {
    x = x < -700.0 ? -700.0 : x > 700.0 ? 700.0 : x;
    double k = floor(x*PER_PART + 0.5);
    double r = (x - k*HIGH) - k*LOW, p = 0.0;
    int64_t whole = (int64_t)k, bits = ((whole >> 6) + 1023) << 52;
    SERIES
    double power;
    memcpy(&power, &bits, 8);
    return p*powers[whole & 63]*power;
}
static inline double linoid(double x) {
    if (x < 1e-5 && x > -1e-5) return 1.0 - 0.5*x;
    return x/(exponential(x) - 1.0);
}
static inline double fading(double x) {
    if (x < 1e-5 && x > -1e-5) return 1.0 - 0.5*x;
    return (1.0 - exponential(-x))/x;
}
KEYED#endif
"""
for _name, _text in {
    "PER_PART": repr(_PER_PART),
    "HIGH": repr(_HIGH),
    "LOW": repr(_LOW),
    "POWERS": ", ".join(map(repr, _POWERS.tolist())),
    "SERIES": " ".join(f"p = p*r + {c!r};" for c in _SERIES),
    "KEYED": keyed.CODE,
}.items():
    _C = _C.replace(_name, _text)


def exponential(values: Any) -> Floats:
    """exp, of anything below -700 that of -700, and likewise above 700."""
    x = np.minimum(np.maximum(values, -_LARGEST), _LARGEST)
    k = np.floor(x * _PER_PART + 0.5)
    r, p = (x - k * _HIGH) - k * _LOW, 0.0
    for coefficient in _SERIES:
        p = p * r + coefficient
    whole = k.astype(np.int32)
    return np.asarray(np.ldexp(p * _POWERS[whole & (_PARTS - 1)], whole >> 6))


def linoid(values: Any) -> Floats:
    """X / (exp(x) - 1), which is 1 at 0."""
    x = np.asarray(values, np.float64)
    small = np.abs(x) < 1e-5
    return np.asarray(np.where(small, 1.0 - 0.5 * x, x / np.where(small, 1.0, exponential(x) - 1.0)))


def fading(values: Any) -> Floats:
    """(1 - exp(-x)) / x, which is 1 at 0."""
    x = np.asarray(values, np.float64)
    small = np.abs(x) < 1e-5
    far = np.where(small, 1.0, x)
    return np.asarray(np.where(small, 1.0 - 0.5 * x, (1.0 - exponential(-far)) / far))


def functions(brian: Any) -> dict[str, Any]:
    """All of them as Brian2 wants them, by name."""
    real, whole = "float", "integer"
    return {
        "exponential": _function(brian, exponential, [real]),
        "linoid": _function(brian, linoid, [real]),
        "fading": _function(brian, fading, [real]),
        "uniform_of": _function(brian, keyed.uniform_of, [whole] * 6),
        "poisson_of": _function(brian, keyed.poisson_of, [real] * 3),
        "normal_of": _function(brian, normal_of, [real], CODE),
    }


def _function(brian: Any, python: Callable[..., Floats], arguments: list[str], code: str = _C) -> Any:
    types = {"float": "double", "integer": "long long"}
    declared = ", ".join(f"{types[a]} a{i}" for i, a in enumerate(arguments))
    function = brian.Function(
        python,
        arg_units=[1] * len(arguments),
        return_unit=1,
        arg_types=arguments,
        return_type="float",
    )
    header = f'cdef extern from *:\n    """{code}"""\n    double {python.__name__}({declared})\n'
    function.implementations.add_implementation("cython", header)
    function.implementations.add_numpy_implementation(python, discard_units=True)
    return function
