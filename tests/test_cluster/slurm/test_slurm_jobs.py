"""Jobs of a real Slurm: as many as there is work for, and closed to strangers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest
from faults import on_all_workers
from ports import listening, refuses_strangers
from slurm_site import call, until

from cluster.batch import pilots
from cluster.batch.cluster import close_kept
from cluster.batch.slurm import Slurm
from sweep import parallel_run, slurm

TWO = slurm(jobs=2, cores=2, memory="500MB", walltime="00:10:00", interface="lo")


@pytest.fixture(scope="module", autouse=True)
def _no_others(site: Any) -> None:
    close_kept()


def test_all_cores_of_all_jobs_work(site: Any, tmp_path: Path) -> None:
    assert [node for node, _ in on_all_workers(TWO, tmp_path, 4)] == ["n1", "n1", "n2", "n2"]


def test_every_port_asks_for_credentials(site: Any, tmp_path: Path) -> None:
    on_all_workers(TWO, tmp_path, 4)
    own = psutil.Process().children(recursive=True)
    ports = listening([*own, *site.processes("n1"), *site.processes("n2")])
    assert len(ports) == 5  # the scheduler's, and four workers'
    assert all(refuses_strangers(port) for port in ports)


def test_the_credentials_are_private(site: Any) -> None:
    pool = TWO.start()
    assert pool._folder.is_relative_to(site.folder)
    assert {f.stat().st_mode & 0o077 for f in [pool._folder, *pool._folder.glob("*.pem")]} == {0}


def test_what_people_set_for_slurms_commands_is_not_in_the_way(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_kept()
    theirs = {"PARTITION": "nosuch", "TIMELIMIT": "1", "JOB_NAME": "mine", "WAIT": "1", "ARRAY_INX": "1-3"}
    for name, text in theirs.items():
        monkeypatch.setenv(f"SBATCH_{name}", text)
    for name in ("SQUEUE_STATES", "SCANCEL_STATE"):
        monkeypatch.setenv(name, "SUSPENDED")
    monkeypatch.setenv("LOGNAME", "nobody")
    one = slurm(jobs=1, cores=1, memory="500MB", walltime="00:10:00", interface="lo", partition="debug")
    assert list(parallel_run(lambda idx, net: idx, number=3, cluster=one)) == [0, 1, 2]
    (job,) = Slurm().states(one.start()._name)
    of_it = call("scontrol", "show", "job", job)
    assert "TimeLimit=00:10:00" in of_it
    assert "Partition=debug" in of_it
    close_kept()
    monkeypatch.undo()
    until(lambda: not site.jobs())


def test_jobs_come_and_go_with_the_work(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pilots, "IDLE", 0.5)
    pool = TWO.start()
    until(lambda: not site.jobs())
    before = site.known()
    assert list(parallel_run(lambda idx, net: idx, number=2, cluster=TWO)) == [0, 1]
    assert len(site.known() - before) == 1
    assert TWO.start() is pool
    close_kept()
    assert not pool._folder.exists()
