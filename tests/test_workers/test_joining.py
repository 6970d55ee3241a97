from __future__ import annotations

import numpy as np

from workers.joining import gathered
from workers.outcome import Failure, Outcome, Timings
from workers.part import outcomes_of, pack
from workers.values import encode

OUTCOMES = [
    Outcome(4, encode((1, np.arange(2))), timings=Timings(run=0.5)),
    Outcome(7, failure=Failure(7, 1, {}, "timeout", "TimeLimit", "too long")),
    Outcome(2, encode((2, np.arange(3)))),
    Outcome(3, encode("text")),
    Outcome(9, failure=Failure(9, 1, {}, "crash", "SIGSEGV", "it crashed")),
    Outcome(5, encode((3, np.arange(3)))),
]


def test_parts_and_outcomes_are_gathered_in_order() -> None:
    whole = outcomes_of(pack(OUTCOMES))
    for start, stop in ((0, 6), (0, 3), (1, 4), (3, 6), (2, 2)):
        parts = [pack(OUTCOMES[start:stop])] if start < stop else []
        found = outcomes_of(gathered([*OUTCOMES[:start], *parts, *OUTCOMES[stop:]]))
        assert repr(found) == repr(whole)
    assert repr(outcomes_of(gathered(pack([o]) for o in OUTCOMES))) == repr(whole)


def test_nothing_is_a_part_too() -> None:
    assert not len(gathered([]).index)
