from __future__ import annotations

import os
import random
import sys
from typing import Any

import cloudpickle
import numpy as np
import pytest

import cluster
from workers.live import Network
from workers.parcel import pack
from workers.part import outcomes_of
from workers.task import Job, Task
from workers.values import decode

cloudpickle.register_pickle_by_value(sys.modules[__name__])


def job(method: object) -> bytes:
    return pack(Job(method, (Network(),), "nest", 1))  # type: ignore[arg-type]


@pytest.fixture
def pool() -> cluster.Pool:
    return cluster.connect("debug")


def test_runs_in_this_process(pool: cluster.Pool) -> None:
    handle = pool.load(job(lambda index, net, add: (index + add, os.getpid())))
    running = pool.submit(handle, Task((3, 5), ({"add": 1}, {"add": 2})), None)
    assert pool.wait([running]) == [running]
    values = [
        decode(o.value.structure, o.value.leaves) for o in outcomes_of(running.result().part) if o.value
    ]
    assert values == [(4, os.getpid()), (7, os.getpid())]
    assert pool.workers == 1


def test_an_exception_is_a_failure(pool: cluster.Pool) -> None:
    handle = pool.load(job(lambda index, net: 1 / index))
    failures = [
        o.failure for o in outcomes_of(pool.submit(handle, Task((0, 1), ({}, {})), None).result().part)
    ]
    assert failures[0] is not None
    assert failures[0].error == "ZeroDivisionError"
    assert failures[1] is None


def test_the_job_is_a_copy_as_on_any_cluster(pool: cluster.Pool) -> None:
    seen: list[int] = []
    handle = pool.load(job(lambda index, net: seen.append(index)))
    pool.submit(handle, Task((0,), ({},)), None)
    assert seen == []


def test_global_generators_are_left_as_they_were(pool: cluster.Pool) -> None:
    handle = pool.load(job(lambda index, net: random.random() + np.random.rand()))
    before = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]
    pool.submit(handle, Task((0,), ({},)), None)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # type: ignore[index]


def test_unload_and_close(pool: cluster.Pool) -> None:
    handle = pool.load(job(lambda index, net: index))
    pool.interrupt()
    pool.unload(handle)
    pool.unload(handle)
    with pytest.raises(KeyError):
        pool.submit(handle, Task((0,), ({},)), None)
    pool.close()


def test_debug_is_a_cluster_too() -> None:
    assert cluster.connect(cluster.debug()).workers == 1


@pytest.mark.parametrize("wrong", ["locl", 3, "", object()])
def test_an_unknown_cluster_is_refused(wrong: object) -> None:
    with pytest.raises(
        ValueError, match=r"expected None, local\(\.\.\.\), slurm\(\.\.\.\), .*mpi\(\), 'debug'"
    ):
        cluster.connect(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("cores", [0, -2, 2.5, "all", True])
def test_too_few_cores_are_refused(cores: Any) -> None:
    with pytest.raises(ValueError, match=f"cores={cores!r}; expected a whole number of at least 1"):
        cluster.connect(None, cores)
