"""The functions that updates call, in numpy; each simulator's own language has the same operations.

exp() differs in the last bit between libraries and between numpy and C. These use only sums, products,
quotients and shifts, in the same order in every language, so that a network gives the same bits on every
machine.
"""

from __future__ import annotations

from decimal import Decimal
from math import factorial
from typing import Any

import numpy as np

from workers.instance import Floats

PARTS = 64  # exp(x) = 2**whole * 2**(part/64) * (1 + a short series)
PER_PART = PARTS * 1.4426950408889634
HIGH, LOW = 6.93147180369123816490e-01 / PARTS, 1.90821492927058770002e-10 / PARTS  # of ln(2), in two
POWERS = np.array([float(Decimal(2) ** (Decimal(part) / PARTS)) for part in range(PARTS)])
SERIES = [1.0 / factorial(i) for i in range(5, -1, -1)]  # right to 1e-16
LARGEST = 700.0  # exp of more overflows


def exponential(values: Any) -> Floats:
    """exp, of anything below -700 that of -700, and likewise above 700."""
    x = np.minimum(np.maximum(values, -LARGEST), LARGEST)
    k = np.floor(x * PER_PART + 0.5)
    r, p = (x - k * HIGH) - k * LOW, 0.0
    for coefficient in SERIES:
        p = p * r + coefficient
    whole = k.astype(np.int32)
    return np.asarray(np.ldexp(p * POWERS[whole & (PARTS - 1)], whole >> 6))


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
