"""Dispatch on many workers, which are simulated: on a virtual clock, where nothing depends on the machine."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.virtual import Costs, VirtualPool
from sweep import dispatch, schedule
from sweep.dispatch import Dispatch
from sweep.plan import make_plan
from workers.live import Network
from workers.parcel import pack
from workers.task import Job

DASK = Costs(scheduler=0.002, client=0.001, worker=0.004)
BLOB = pack(Job(print, (Network(),), "nest", 1))


def run(seconds: NDArray[np.float64], workers: int) -> tuple[VirtualPool, list[int]]:
    """Run networks that take so long; return the pool, and the indices of those that were run."""
    pool = VirtualPool(seconds, workers, DASK, own=False)
    plan = make_plan(len(seconds), seed=1)
    arrived = [part for parts in Dispatch(pool, BLOB, plan, None).parts() for part in parts]
    return pool, [index for part in arrived for index in part.index.tolist()]


def efficiency(pool: VirtualPool) -> float:
    return float(pool.seconds.sum()) / pool.size / pool.now


@pytest.mark.parametrize("workers", [1, 300])
def test_each_network_is_run_once_and_tasks_in_flight_are_few(workers: int) -> None:
    pool, run_were = run(np.full(6000, 0.5), workers)
    assert sorted(run_were) == list(range(6000))
    assert pool.most <= 2 * workers


def test_fewer_tasks_than_workers_wait_where_these_are_many() -> None:
    workers = 2 * dispatch.WAITING
    pool, _ = run(np.full(4 * workers, 1.0), workers)
    assert pool.most == workers + dispatch.WAITING


@pytest.mark.parametrize("kind", ["equal", "one in a hundred takes longer", "ever longer"])
def test_no_worker_is_idle_for_long_while_networks_wait(kind: str) -> None:
    number, workers = 40_000, 400
    seconds = {
        "equal": np.ones(number),
        "one in a hundred takes longer": np.where(np.arange(number) % 100, 0.8, 20.8),
        "ever longer": np.geomspace(0.2, 4.0, number),
    }[kind]
    pool, run_were = run(seconds, workers)
    assert len(run_were) == number
    assert pool.idle_since is not None
    assert seconds.sum() > 0.9 * workers * pool.idle_since  # until then all had something to do
    assert pool.now - pool.idle_since < seconds.max() + 3 * schedule.TARGET


def test_the_scheduler_is_not_asked_for_more_than_it_can_do() -> None:
    pool, _ = run(np.full(200_000, 0.05), 1000)
    assert pool.at_work["scheduler"] < 0.8 * pool.now
    assert efficiency(pool) > 0.5  # these are 10 s for each worker, and to start them all takes 2


def test_few_networks_on_many_workers_are_not_all_handed_to_some() -> None:
    pool, _ = run(np.full(500, 5.0), 500)
    assert pool.now < 10.0
