"""Lost workers as a sweep sees them: every network exactly once, and the guilty one named."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from sweep import Failure, local, parallel_run


def value(index: int, net: Any) -> tuple[int, float]:
    time.sleep(0.005)
    return index, float(net.rng.random())


def kill_the_worker() -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


def test_a_network_that_kills_its_workers_is_lost_alone(tmp_path: Path) -> None:
    deaths = tmp_path / "deaths"

    def method(idx: int, net: Any) -> tuple[int, float]:
        if idx == 33:
            with deaths.open("a") as file:
                file.write("x")
            kill_the_worker()
        return value(idx, net)

    expected = list(parallel_run(value, number=80, seed=4, cluster=local(2)))
    results = list(parallel_run(method, number=80, seed=4, cluster=local(2), on_error="keep"))

    lost = results.pop(33)
    del expected[33]
    assert results == expected
    assert isinstance(lost, Failure)
    assert (lost.kind, lost.index) == ("lost", 33)
    assert len(deaths.read_text()) == 3


def test_a_worker_killed_once_changes_nothing(tmp_path: Path) -> None:
    flag = tmp_path / "killed"

    def method(idx: int, net: Any) -> tuple[int, float]:
        if idx == 20 and not flag.exists():
            flag.touch()
            kill_the_worker()
        return value(idx, net)

    expected = list(parallel_run(value, number=80, seed=4, cluster=local(2)))
    assert list(parallel_run(method, number=80, seed=4, cluster=local(2))) == expected
