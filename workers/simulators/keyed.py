"""What simulators draw themselves: numbers that depend on a key, a rank and a step, in C and in numpy.

Philox4x32-10 (see `workers.keys.Key`) gives a uniform number, and inversion a number of Poisson events. Both
languages give the same bits, as do all simulators that use them.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from workers.instance import Background, Floats
from workers.simulators.updates.model import double, long

_Words: TypeAlias = NDArray[np.uint64]

_MOST = 2000  # spikes of one neuron in one step
MOST_EXPECTED = 600.0  # of them; exp(-MOST_EXPECTED) is still a number

CODE = """\
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
"""


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


def expected(background: Background, dt: float) -> tuple[Floats, Floats]:
    """Return the expected number of spikes of each neuron in a step, and the chance that there is none.

    Raises
    ------
    ValueError
        If there are too many to be drawn.
    """
    mean = background.rates * (dt / 1000.0)
    if not np.all(mean <= MOST_EXPECTED):  # NaN too
        raise ValueError(
            f"{background.name}: rates make more than {MOST_EXPECTED:g} spikes in one step likely"
        )
    return mean, double(np.exp(-long(mean)))
