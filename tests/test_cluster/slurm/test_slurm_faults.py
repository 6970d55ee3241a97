"""What goes wrong on a cluster, done to a real one: every network exactly once, and as if undisturbed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cluster import pilots, slurm_pool
from cluster.slurm import Slurm
from sweep import Failure, Results, parallel_run, slurm

TWO = slurm(jobs=2, cores=2, memory="500MB", walltime="00:10:00", interface="lo")
NUMBER = 120


def value(idx: int, net: Any) -> tuple[int, float]:
    return idx, float(net.rng.random())


@pytest.fixture(scope="module")
def expected() -> list[Any]:
    return list(parallel_run(value, number=NUMBER, seed=4, cluster="debug"))


class Log:
    """A file in which networks note, when they begin, who they are and where they run."""

    def __init__(self, file: Path) -> None:
        self.file = str(file)
        file.touch()

    def note(self, idx: int) -> None:
        with Path(self.file).open("a") as file:
            file.write(f"{idx} {os.environ['SLURM_JOB_ID']} {os.environ['SLURMD_NODENAME']} {os.getppid()}\n")

    def read(self) -> list[list[str]]:
        return [line.split() for line in Path(self.file).read_text().splitlines()]

    def times(self, idx: int) -> int:
        return sum(line[0] == str(idx) for line in self.read())


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "log")


def disturbed(log: Log, fault: Callable[[], object], cluster: Any = TWO, wait: float = 0.05) -> Results:
    """Run a sweep to which something happens when 20 of its networks have begun."""

    def method(idx: int, net: Any) -> tuple[int, float]:
        log.note(idx)
        time.sleep(wait)
        return idx, float(net.rng.random())

    def do() -> None:
        end = time.monotonic() + 60
        while len(log.read()) < 20 and time.monotonic() < end:
            time.sleep(0.05)
        fault()

    thread = threading.Thread(target=do)
    thread.start()
    try:
        return parallel_run(method, number=NUMBER, seed=4, cluster=cluster)
    finally:
        thread.join()


def test_a_worker_killed(site: Any, log: Log, expected: list[Any]) -> None:
    results = disturbed(log, lambda: os.kill(int(log.read()[-1][3]), signal.SIGKILL))
    assert list(results) == expected
    pool, end = TWO.start(), time.monotonic() + 30
    while len(pool.client.nthreads()) < 4 and time.monotonic() < end:
        time.sleep(0.1)
    assert len(pool.client.nthreads()) == 4  # another has taken its place


def test_a_network_that_always_kills_its_worker(site: Any, log: Log, expected: list[Any]) -> None:
    def method(idx: int, net: Any) -> tuple[int, float]:
        if idx == 50:
            log.note(idx)
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)
        return value(idx, net)

    results = list(parallel_run(method, number=NUMBER, seed=4, cluster=TWO, on_error="keep"))
    lost = results.pop(50)
    assert isinstance(lost, Failure)
    assert lost.kind == "lost"
    assert log.times(50) == 3
    assert results == [e for i, e in enumerate(expected) if i != 50]


def test_a_job_cancelled_in_mid_task(site: Any, log: Log, expected: list[Any]) -> None:
    from cluster import slurm_commands

    results = disturbed(log, lambda: slurm_commands.cancel([log.read()[-1][1]]))
    assert list(results) == expected
    assert max(log.times(i) for i in range(NUMBER)) == 1  # Slurm tells, and what runs is finished


def test_a_node_killed(site: Any, log: Log, expected: list[Any]) -> None:
    killed: list[str] = []

    def fault() -> None:
        killed.append(log.read()[-1][2])
        site.kill_node(killed[0])

    try:
        results = disturbed(log, fault)
    finally:
        site.start_node(killed[0])
    assert list(results) == expected
    assert log.read()[-1][2] != killed[0]


def test_walltime_reached(site: Any, log: Log, expected: list[Any]) -> None:
    slurm_pool._close_kept()  # its idle jobs hold the cores
    brief = slurm(jobs=1, cores=2, memory="500MB", walltime="00:00:08", interface="lo")
    results = disturbed(log, lambda: None, brief, 0.15)
    assert list(results) == expected
    assert len({line[1] for line in log.read()}) > 1
    assert max(log.times(i) for i in range(NUMBER)) == 1  # handed back in time


SCRIPT = """
import time
from sweep import parallel_run, slurm

def method(idx, net):
    time.sleep(0.05)
    return idx

there = slurm(jobs=2, cores=1, memory="500MB", walltime="00:10:00", interface="lo")
parallel_run(method, number=3, cluster=there)
print("running", flush=True)
parallel_run(method, number=100000, cluster=there)
"""


def test_jobs_end_with_a_client_killed(site: Any, tmp_path: Path) -> None:
    before = set(site.jobs())
    with subprocess.Popen([sys.executable, "-c", SCRIPT], cwd=tmp_path, stdout=subprocess.PIPE) as script:
        assert script.stdout is not None
        assert script.stdout.readline() == b"running\n"
        jobs = set(site.jobs()) - before
        assert jobs
        script.kill()
    end = time.monotonic() + 15
    while jobs & set(site.jobs()) and time.monotonic() < end:
        time.sleep(0.1)
    assert not jobs & set(site.jobs())


def test_jobs_that_end_before_their_workers_come(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pilots, "BACKOFF", 0.2)
    script = Slurm.job_script
    broken = lambda self, *given: script(self, *given).replace(sys.executable, "/no/python")  # noqa: E731
    monkeypatch.setattr(Slurm, "job_script", broken)
    one = slurm(jobs=1, cores=1, memory="100MB", walltime="00:01:00", interface="lo")
    with pytest.raises(RuntimeError, match=r"4 jobs ended before .*\nnode n\d\n.*/no/python: No such file"):
        parallel_run(value, number=3, cluster=one)


def test_what_sbatch_says_is_shown(site: Any) -> None:
    wrong = slurm(jobs=1, cores=1, memory="1GB", walltime="00:01:00", partition="nosuch", interface="lo")
    with pytest.raises(RuntimeError, match=r"sbatch failed: .*invalid partition"):
        parallel_run(value, number=3, cluster=wrong)
