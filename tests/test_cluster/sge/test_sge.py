"""Jobs of a real Grid Engine: the same sweep, and the same faults, as with Slurm."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from broken_nest import EVERYWHERE, WORDS, break_nest, network, simulate
from ports import listening, refuses_strangers
from sge_site import SgeSite, running_sge, skip_without_sge
from slurm_site import until

from cluster import sge_commands, slurm_pool
from sweep import parallel_run, sge

TWO = sge(jobs=2, cores=2, memory="16GB", walltime="00:10:00", interface="lo")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SgeSite]:
    skip_without_sge()
    with running_sge(SgeSite(tmp_path_factory.mktemp("sge"))) as made:
        yield made


def value(idx: int, net: Any) -> tuple[int, float]:
    time.sleep(0.05)
    return idx, float(net.rng.random())


def test_a_sweep_in_two_jobs(site: SgeSite) -> None:
    def method(idx: int, net: Any) -> tuple[str, int]:
        time.sleep(0.1)
        return os.environ["JOB_ID"], os.getppid()

    results = list(parallel_run(method, number=100, cluster=TWO))
    assert len({job for job, _ in results}) == 2
    assert len(set(results)) == 4


def test_every_port_asks_for_credentials(site: SgeSite) -> None:
    parallel_run(value, number=20, cluster=TWO)
    folder = str(TWO.start()._folder)
    pilots = [p for p in psutil.process_iter(["cmdline"]) if folder in (p.info["cmdline"] or [])]
    ports = listening([q for p in pilots for q in [p, *p.children(recursive=True)]])
    assert len(set(ports)) == 5  # the scheduler's, and four workers'
    assert all(refuses_strangers(port) for port in set(ports))


def test_a_job_cancelled_in_mid_task(site: SgeSite, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()

    def method(idx: int, net: Any) -> tuple[int, float]:
        with log.open("a") as file:
            file.write(f"{idx} {os.environ['JOB_ID']}\n")
        return value(idx, net)

    def cancel() -> None:
        until(lambda: len(log.read_text().splitlines()) > 20)
        sge_commands.cancel([log.read_text().splitlines()[-1].split()[1]])

    thread = threading.Thread(target=cancel)
    thread.start()
    results = parallel_run(method, number=200, seed=4, cluster=TWO)
    thread.join()
    assert list(results) == list(parallel_run(value, number=200, seed=4, cluster="debug"))
    begun = [line.split()[0] for line in log.read_text().splitlines()]
    assert len(begun) == len(set(begun)) == 200  # Grid Engine tells, and what runs is finished


def test_a_simulator_that_is_broken_on_all_nodes_is_one_error(
    site: SgeSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    slurm_pool._close_kept()
    break_nest(tmp_path, monkeypatch, EVERYWHERE)
    with (
        caplog.at_level(logging.WARNING, "sweep.cluster"),
        pytest.raises(
            RuntimeError, match=rf"(?s)qsub failed: .*nodes that are left out.*: localhost: {WORDS}"
        ),
    ):
        parallel_run(simulate, number=20, networks=network(), cluster=TWO)
    assert len(caplog.records) == 1
    slurm_pool._close_kept()
    until(lambda: not site.jobs())


def test_what_qsub_says_is_shown(site: SgeSite) -> None:
    wrong = sge(jobs=1, cores=1, memory="1GB", walltime="00:01:00", partition="nosuch.q", interface="lo")
    with pytest.raises(RuntimeError, match=r"qsub failed: .*unknown queue \"nosuch.q\""):
        parallel_run(value, number=3, cluster=wrong)
