from __future__ import annotations

import pickle
import time

import numpy as np

from workers.outcome import Failure, Outcome, Timings
from workers.part import STATUS, failure_from_json, failure_to_json, pack
from workers.values import encode


def test_rows_and_columns() -> None:
    failure = Failure(7, 1, {"rate": 2.0}, "timeout", "TimeLimit", "too long")
    outcomes = [
        Outcome(4, encode((1, np.arange(2))), timings=Timings(run=0.5)),
        Outcome(7, failure=failure),
        Outcome(2, encode((2, np.arange(3)))),
        Outcome(3, encode("é\0")),
    ]
    part = pickle.loads(pickle.dumps(pack(outcomes)))
    assert part.index.tolist() == [4, 7, 2, 3]
    assert part.status.tolist() == [0, STATUS.index("timeout"), 0, 0]
    assert part.structure.tolist() == [0, -1, 0, 1]
    assert part.timings["run"].tolist() == [0.5, 0, 0, 0]
    assert [failure_from_json(f) for f in part.failures] == [failure]
    scalars, ragged, text = part.columns
    assert (scalars.name, scalars.rows.tolist(), scalars.values.tolist()) == ("result.0", [0, 2], [1, 2])
    assert ragged.values.tolist() == [0, 1, 0, 1, 2]
    assert ragged.shapes is not None
    assert ragged.shapes.tolist() == [[2], [3]]
    assert text.text
    assert text.values.tobytes().decode() == "é\0"


def test_leaves_of_two_types_are_two_columns() -> None:
    part = pack([Outcome(0, encode(1)), Outcome(1, encode(1.5)), Outcome(2, encode(2**62))])
    assert [(c.rows.tolist(), c.values.dtype.kind) for c in part.columns] == [([0, 2], "i"), ([1], "f")]


def test_failures_keep_the_types_of_their_parameters() -> None:
    given = {"a": np.float32(1.5), "b": [1, 2], "c": "\ud800", "d": 2**70, "e": np.arange(3)}
    failure = Failure(0, 2**62, given, "exception", "ValueError", "said", "Traceback")
    back = failure_from_json(failure_to_json(failure))
    assert (back.seed, back.message, back.traceback) == (2**62, "said", "Traceback")
    assert type(back.parameters["a"]) is np.float32
    assert back.parameters["b"] == [1, 2]
    assert back.parameters["c"] == "\ud800"
    assert back.parameters["d"] == repr(2**70)
    assert back.parameters["e"].tolist() == [0, 1, 2]


def test_packing_is_fast() -> None:
    outcomes = [Outcome(i, encode(i)) for i in range(500)]
    start = time.perf_counter()
    for _ in range(10):
        pack(outcomes)
    assert (time.perf_counter() - start) / 10 < 0.01
