"""What goes wrong on a cluster, done to a real one: every network exactly once, and as if undisturbed."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faults import NUMBER, Log, disturbed, undisturbed, value
from slurm_site import call, until

from cluster.batch import pilots, pool
from cluster.batch.cluster import BatchCluster, close_kept
from cluster.batch.slurm import Slurm
from cluster.versions import versions
from sweep import Failure, parallel_run, slurm

TWO = slurm(jobs=2, cores=2, memory="500MB", walltime="00:10:00", interface="lo")


@pytest.fixture(scope="module")
def expected() -> list[Any]:
    return undisturbed()


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "log")


@pytest.fixture
def _no_others(site: Any) -> Iterator[None]:
    """Have no idle jobs of other tests, which hold the cores, and leave none."""
    close_kept()
    until(lambda: not site.jobs())
    yield
    close_kept()
    until(lambda: not site.jobs())


def test_a_worker_killed(site: Any, log: Log, expected: list[Any]) -> None:
    results = disturbed(log, lambda: os.kill(int(log.read()[-1][3]), signal.SIGKILL), TWO)
    assert list(results) == expected
    until(lambda: len(TWO.start().client.nthreads()) == 4)  # another has taken its place


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
    assert "its job has walltime='00:10:00', and memory='500MB' for 2 cores: is that enough?" in lost.message
    assert log.times(50) == 3
    assert results == [e for i, e in enumerate(expected) if i != 50]


def test_a_job_cancelled_in_mid_task(site: Any, log: Log, expected: list[Any]) -> None:
    results = disturbed(log, lambda: Slurm().cancel([log.read()[-1][1]]), TWO)
    assert list(results) == expected
    assert max(log.times(i) for i in range(NUMBER)) == 1  # Slurm tells, and what runs is finished


def test_a_node_killed(site: Any, log: Log, expected: list[Any]) -> None:
    killed: list[str] = []

    def fault() -> None:
        killed.append(log.read()[-1][2])
        site.kill_node(killed[0])

    try:
        results = disturbed(log, fault, TWO)
    finally:
        site.start_node(killed[0])
    assert list(results) == expected
    assert log.read()[-1][2] != killed[0]


@pytest.mark.usefixtures("_no_others")
def test_walltime_reached(site: Any, log: Log, expected: list[Any]) -> None:
    brief = slurm(jobs=1, cores=2, memory="500MB", walltime="00:00:20", interface="lo")
    results = disturbed(log, lambda: None, brief, 0.3)
    assert list(results) == expected
    assert len({line[1] for line in log.read()}) > 1
    assert max(log.times(i) for i in range(NUMBER)) == 1  # handed back in time


@pytest.mark.usefixtures("_no_others")
def test_jobs_that_end_before_their_workers_come(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pilots, "BACKOFF", 0.2)
    script = BatchCluster.job_script
    broken = lambda self, *given: script(self, *given).replace(sys.executable, "/no/python")  # noqa: E731
    monkeypatch.setattr(BatchCluster, "job_script", broken)
    one = slurm(jobs=1, cores=1, memory="100MB", walltime="00:01:00", interface="lo")
    with pytest.raises(RuntimeError, match=r"4 jobs ended before .*\nnode n\d\n.*/no/python: No such file"):
        parallel_run(value, number=3, cluster=one)


@pytest.mark.usefixtures("_no_others")
def test_a_node_on_which_nothing_runs_is_left_out(
    site: Any, monkeypatch: pytest.MonkeyPatch, expected: list[Any]
) -> None:
    """A job that ends at once leaves its node free: the next would go there too."""
    monkeypatch.setattr(pilots, "BACKOFF", 0.2)
    script = BatchCluster.job_script
    break_n1 = '[ "$SLURMD_NODENAME" = n1 ] && exec /no/python\nexec '
    monkeypatch.setattr(BatchCluster, "job_script", lambda *given: script(*given).replace("exec ", break_n1))

    def method(idx: int, net: Any) -> tuple[tuple[int, float], str]:
        return value(idx, net), os.environ["SLURMD_NODENAME"]

    one = slurm(jobs=1, cores=1, memory="500MB", walltime="00:10:00", interface="lo")
    results = parallel_run(method, number=NUMBER, seed=4, cluster=one)
    assert list(results) == [(e, "n2") for e in expected]


@pytest.mark.usefixtures("_no_others")
def test_a_node_with_other_versions(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pilots, "VAIN", 0)  # one job says it
    monkeypatch.setattr(pool, "versions", lambda: {**versions(), "Python": "3.9"})
    one = slurm(jobs=1, cores=2, memory="500MB", walltime="00:10:00", interface="lo")
    message = rf"n\d differs from the machine of the script: Python is {versions()['Python']} there, and 3.9"
    with pytest.raises(RuntimeError, match=message):
        parallel_run(value, number=3, cluster=one)


def test_slurm_does_not_answer_for_a_while(site: Any, log: Log, expected: list[Any]) -> None:
    def fault() -> None:
        site.kill_controller()
        try:
            until(lambda: TWO.start()._pilots._unanswered >= 1)
        finally:
            site.start_controller()

    assert list(disturbed(log, fault, TWO, 0.4)) == expected


@pytest.mark.usefixtures("_no_others")
def test_no_other_job_may_be_submitted(site: Any, log: Log, expected: list[Any]) -> None:
    """One is lost, and Slurm accepts no more: those that are there do it all."""

    def fault() -> None:
        until(lambda: len({line[1] for line in log.read()}) == 2)
        call("scontrol", "update", "PartitionName=debug", "State=INACTIVE")
        Slurm().cancel([log.read()[-1][1]])

    try:
        assert list(disturbed(log, fault, TWO, 0.2)) == expected
    finally:
        call("scontrol", "update", "PartitionName=debug", "State=UP")
    assert len({line[1] for line in log.read()}) == 2


@pytest.mark.usefixtures("_no_others")
def test_what_sbatch_says_is_shown(site: Any) -> None:
    wrong = slurm(jobs=1, cores=1, memory="1GB", walltime="00:01:00", partition="nosuch", interface="lo")
    with pytest.raises(RuntimeError, match=r"sbatch failed: .*invalid partition"):
        parallel_run(value, number=3, cluster=wrong)
