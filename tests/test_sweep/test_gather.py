"""The gatherer stores each network once, and only while it may write the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep.plan import make_plan
from sweep.store.gather import FromSpool
from sweep.store.lease import Lease, StoreInUse
from sweep.store.reading import Reader
from sweep.store.root import WORK
from sweep.store.writing import Store
from workers import spool
from workers.folder import LocalFolder
from workers.outcome import Outcome
from workers.part import Part, pack
from workers.values import encode

PLAN = make_plan(4, seed=1)


@pytest.fixture
def folder(tmp_path: Path) -> LocalFolder:
    return LocalFolder(tmp_path / "s.zarr")


@pytest.fixture
def gatherer(folder: LocalFolder) -> Iterator[FromSpool]:
    work = folder.below(WORK)
    with Lease(work, "the store") as lease:
        yield FromSpool(Store.fill(folder, PLAN), PLAN, work, lease)


def part(*indices: int) -> Part:
    return pack([Outcome(i, encode(10 * i)) for i in indices])


def waiting(folder: LocalFolder) -> list[str]:
    return [name for name in folder.below(WORK).below("spool").names() if name.endswith(spool.END)]


def test_a_network_that_two_workers_ran_is_stored_once(folder: LocalFolder, gatherer: FromSpool) -> None:
    gatherer.take([part(0, 1), part(1, 2)])
    gatherer.flush()
    gatherer.take([part(2, 3)])
    gatherer.flush()
    assert Reader(folder).index.tolist() == [0, 1, 2, 3]
    assert not waiting(folder)


def test_what_is_of_another_plan_waits(folder: LocalFolder, gatherer: FromSpool) -> None:
    gatherer.take([part(3, 4), part(5)])
    gatherer.flush()
    assert Reader(folder).index.tolist() == [3]
    assert len(waiting(folder)) == 2


def test_who_was_taken_for_dead_stores_nothing_more(folder: LocalFolder, gatherer: FromSpool) -> None:
    gatherer.take([part(0)])
    gatherer.flush()
    gatherer.take([part(1)])
    folder.below(WORK).create("lease-2", b"{}")
    with pytest.raises(StoreInUse, match="taken for dead"):
        gatherer.flush()
    assert Reader(folder).index.tolist() == [0]
    assert len(waiting(folder)) == 1  # for the other client
