"""Sweeps in the jobs of a batch system to which something happens."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from slurm_site import until

from cluster.batch.handed import own_job
from hardware.machine import node_name
from sweep import Results, parallel_run

NUMBER = 120


def value(idx: int, net: Any) -> tuple[int, float]:
    return idx, float(net.rng.random())


def undisturbed() -> list[Any]:
    return list(parallel_run(value, number=NUMBER, seed=4, cluster="debug"))


class Log:
    """A file in which networks note, when they begin, who they are and where they run."""

    def __init__(self, file: Path) -> None:
        self.file = str(file)
        file.touch()

    def note(self, idx: int) -> None:
        with Path(self.file).open("a") as file:
            file.write(f"{idx} {own_job()} {node_name()} {os.getppid()}\n")

    def read(self) -> list[list[str]]:
        return [line.split() for line in Path(self.file).read_text().splitlines()]

    def times(self, idx: int) -> int:
        return sum(line[0] == str(idx) for line in self.read())


def on_all_workers(cluster: Any, folder: Path, workers: int) -> list[tuple[str, str]]:
    """Run networks that wait until each worker has one; return the node and the process of each worker.

    Parameters
    ----------
    cluster : Cluster
    folder : Path
        An empty one.
    workers : int
        How many the cluster has.
    """

    def method(idx: int, net: Any) -> tuple[str, str]:
        worker, end = str(os.getppid()), time.monotonic() + 120
        (folder / f"{node_name()} {worker}").touch()
        while len([*folder.iterdir()]) < workers and time.monotonic() < end:
            time.sleep(0.05)
        return node_name(), worker

    return sorted({*parallel_run(method, number=8 * workers, cluster=cluster)})


def disturbed(log: Log, fault: Callable[[], object], cluster: Any, wait: float = 0.05) -> Results:
    """Run a sweep to which something happens when 20 of its networks have begun."""

    def method(idx: int, net: Any) -> tuple[int, float]:
        log.note(idx)
        time.sleep(wait)
        return value(idx, net)

    def do() -> None:
        until(lambda: len(log.read()) >= 20, 120)
        fault()

    thread = threading.Thread(target=do)
    thread.start()
    try:
        return parallel_run(method, number=NUMBER, seed=4, cluster=cluster)
    finally:
        thread.join()
