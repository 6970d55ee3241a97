"""Functions that Brian2's code calls, written twice: in C and in numpy, with the same bits.

exp() differs in the last bit between libraries and between numpy and C. These use only sums, products,
quotients and shifts, in the same order in both languages, so that a network gives the same bits on every
machine and target.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workers.instance import Floats
from workers.simulators import keyed
from workers.simulators.updates.functions import (
    HIGH,
    LOW,
    PER_PART,
    POWERS,
    SERIES,
    exponential,
    fading,
    linoid,
)
from workers.simulators.updates.normal import CODE, normal_of

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
    "PER_PART": repr(PER_PART),
    "HIGH": repr(HIGH),
    "LOW": repr(LOW),
    "POWERS": ", ".join(map(repr, POWERS.tolist())),
    "SERIES": " ".join(f"p = p*r + {c!r};" for c in SERIES),
    "KEYED": keyed.CODE,
}.items():
    _C = _C.replace(_name, _text)


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
