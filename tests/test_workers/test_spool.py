from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from workers.folder import LocalFolder
from workers.outcome import Failure, Outcome
from workers.part import Part, outcomes_of, pack
from workers.spool import DamagedPart, Receipt, Spool, delivered, read, write
from workers.values import encode


@pytest.fixture
def part() -> Part:
    values = [1, {"a": np.arange(3), "b": "é"}, (2.5, [1, 2]), np.zeros((2, 2), "c8")]
    failed = Outcome(9, failure=Failure(9, 1, {"x": 2}, "crash", "SIGSEGV", "ended"))
    return pack([*(Outcome(i, encode(v)) for i, v in enumerate(values)), failed], [1, 1, 2, 1, 3], "here")


def same(a: Part, b: Part) -> bool:
    told = [[(o.index, o.failure, o.timings) for o in outcomes_of(p)] for p in (a, b)]
    values = [
        [
            [(c.name, c.rows.tolist(), c.values.tobytes(), c.values.dtype, c.text) for c in p.columns],
            p.structures,
            p.attempt.tolist(),
            p.resource,
        ]
        for p in (a, b)
    ]
    return told[0] == told[1] and values[0] == values[1]


def test_a_part_comes_back(tmp_path: Path, part: Part) -> None:
    folder = LocalFolder(tmp_path)
    assert same(read(folder, write(folder, part)), part)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_damaged_part_is_refused_or_whole(tmp_path: Path, part: Part) -> None:
    folder = LocalFolder(tmp_path)
    path = tmp_path / write(folder, part)
    data, dice, refused = path.read_bytes(), random.Random(1), 0
    for _ in range(300):
        changed = bytearray(data)
        changed[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        path.write_bytes(changed)
        try:
            assert same(read(folder, path.name), part)
        except DamagedPart:
            refused += 1
    assert refused > 200
    for length in range(0, len(data), 97):
        path.write_bytes(data[:length])
        with pytest.raises(DamagedPart, match=path.name):
            read(folder, path.name)


def test_where_the_folder_is_not_seen_the_part_is_given_back(tmp_path: Path, part: Part) -> None:
    assert delivered(part, None) is part
    assert delivered(part, Spool(str(tmp_path), "token")) is part
    (tmp_path / "token").touch()
    receipt = delivered(part, Spool(str(tmp_path), "token"))
    assert isinstance(receipt, Receipt)
    assert receipt.status.tolist() == [0, 0, 0, 0, 2]
    assert same(read(LocalFolder(tmp_path), receipt.name), part)
