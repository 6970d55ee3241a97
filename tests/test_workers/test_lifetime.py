"""A process is replaced before its simulator gets slow or full of what networks left behind."""

from __future__ import annotations

import itertools
import os
from typing import Any

import pytest

from sweep import Izhikevich, Monitor, Network, Population
from workers.parcel import key_of, pack
from workers.part import outcomes_of
from workers.process import child_of_this_thread, run_task
from workers.task import Job, Task
from workers.values import decode


def pids(simulator: str, tasks: list[int], fuse: int = 1) -> list[int]:
    with Network(dt=0.1) as net:
        spikes = Monitor(Population(1, Izhikevich), "spike")

    def method(idx: int, net: Network) -> Any:
        net.simulate(1.0)
        net.get(spikes).mean_fr()
        return os.getpid()

    blob = pack(Job(method, (net,), simulator, 1, (), fuse))
    found = []
    for number in tasks:
        done = run_task(blob, key_of(blob), Task(tuple(range(number)), ({},) * number), None)
        values = [decode(o.value.structure, o.value.leaves) for o in outcomes_of(done.part) if o.value]
        assert len(values) == number
        found += values
    child_of_this_thread().close()
    return found


def changes(found: list[int]) -> int:
    return sum(a != b for a, b in itertools.pairwise(found))


def test_nests_processes_run_a_thousand_networks() -> None:
    found = pids("nest", [600, 500])

    assert len(set(found[:1000])) == 1
    assert found[1000] != found[999]
    assert changes(found) == 1


def test_brian2s_processes_stay_fused_or_not() -> None:
    assert changes(pids("brian2", [3, 3])) == 0
    assert changes(pids("brian2", [5, 4], fuse=3)) == 0


def test_neurons_processes_run_one_network() -> None:
    pytest.importorskip("neuron", reason="NEURON is not installed: pip install 'neurosweep[neuron]'")
    assert changes(pids("neuron", [2, 1])) == 2
    assert changes(pids("neuron", [3], fuse=2)) == 2
