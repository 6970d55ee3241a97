"""Functions that Brian2's code calls, written twice: in C and in numpy, with the same bits.

exp() differs in the last bit between libraries and between numpy and C. These use only sums, products,
quotients and shifts, in the same order in both languages, so that a network gives the same bits on every
machine and target.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import factorial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from workers.instance import Floats
from workers.simulators.brian2_normal import CODE, normal_of

_Words: TypeAlias = NDArray[np.uint64]

_PARTS = 64  # exp(x) = 2**whole * 2**(part/64) * (1 + a short series)
_PER_PART = _PARTS * 1.4426950408889634
_HIGH, _LOW = 6.93147180369123816490e-01 / _PARTS, 1.90821492927058770002e-10 / _PARTS  # of ln(2), in two
_POWERS = np.array([float(Decimal(2) ** (Decimal(part) / _PARTS)) for part in range(_PARTS)])
_SERIES = [1.0 / factorial(i) for i in range(5, -1, -1)]  # right to 1e-16
_LARGEST = 700.0  # exp of more overflows
_MOST = 2000  # spikes of one neuron in one step
MOST_EXPECTED = 600.0  # of them; exp(-MOST_EXPECTED) is still a number

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
static inline double uniform_of(
    int32_t k0_, int32_t k1_, int32_t k2_, int32_t k3_, int32_t rank, int64_t step
) {
    uint32_t k0 = k0_, k1 = k1_, c0 = rank, c1 = (uint32_t)step, c2 = k2_, c3 = k3_;
    for (int i = 0; i < 10; i++) {
        uint64_t p0 = 0xD2511F53ULL*c0, p1 = 0xCD9E8D57ULL*c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0; c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1; c3 = (uint32_t)p0;
        k0 += 0x9E3779B9U; k1 += 0xBB67AE85U;
    }
    return ((c0 >> 5)*67108864.0 + (c1 >> 6))/9007199254740992.0;
}
static inline double poisson_of(double u, double mean, double none) {
    double p = none, reached = none;
    int k = 0;
    while (u >= reached && k < 2000) { k++; p = p*mean/k; reached = reached + p; }
    return k;
}
#endif
"""
for _name, _text in {
    "PER_PART": repr(_PER_PART),
    "HIGH": repr(_HIGH),
    "LOW": repr(_LOW),
    "POWERS": ", ".join(map(repr, _POWERS.tolist())),
    "SERIES": " ".join(f"p = p*r + {c!r};" for c in _SERIES),
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


def uniform_of(k0: Any, k1: Any, k2: Any, k3: Any, rank: Any, step: Any) -> Floats:
    """A number in [0, 1) for a neuron and a step: Philox4x32-10, see `workers.keys.Key`."""
    key_0, key_1, c2, c3, c0, c1 = (_words(x) for x in np.broadcast_arrays(k0, k1, k2, k3, rank, step))
    half, word = np.uint64(32), np.uint64(0xFFFFFFFF)
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (p1 >> half) ^ c1 ^ key_0, p1 & word, (p0 >> half) ^ c3 ^ key_1, p0 & word
        key_0, key_1 = (key_0 + np.uint64(0x9E3779B9)) & word, (key_1 + np.uint64(0xBB67AE85)) & word
    high, low = c0 >> np.uint64(5), c1 >> np.uint64(6)
    return np.asarray((high.astype(np.float64) * 67108864.0 + low.astype(np.float64)) / 9007199254740992.0)


def _words(values: Any) -> _Words:
    return np.asarray(values).astype(np.int64).astype(np.uint64) & np.uint64(0xFFFFFFFF)


def poisson_of(u: Any, mean: Any, none: Any) -> Floats:
    """The number of events that a uniform number stands for, by inversion; `none` is exp(-mean)."""
    u, mean, none = np.broadcast_arrays(u, mean, none)
    p, reached, counts, k = none.copy(), none.copy(), np.zeros(u.shape), 0
    while k < _MOST and np.any(more := u >= reached):
        k += 1
        p = p * mean / k
        reached = np.where(more, reached + p, reached)
        counts[more] = k
    return counts


def functions(brian: Any) -> dict[str, Any]:
    """All of them as Brian2 wants them, by name."""
    real, whole = "float", "integer"
    return {
        "exponential": _function(brian, exponential, [real]),
        "linoid": _function(brian, linoid, [real]),
        "fading": _function(brian, fading, [real]),
        "uniform_of": _function(brian, uniform_of, [whole] * 6),
        "poisson_of": _function(brian, poisson_of, [real] * 3),
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
