"""mpiexec in a job of a real Slurm: the script that it runs is the same as anywhere."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from mpi_worlds import NAMES, world_of
from slurm_site import Site, call, until

from cluster.batch.cluster import close_kept

SCRIPT = """
import time
from sweep import mpi, parallel_run
there = mpi()

def method(idx, net):
    time.sleep(0.02)
    return idx

print(sum(parallel_run(method, number=100, cluster=there)))
"""
JOB = """#!/bin/bash
#SBATCH --ntasks=4
#SBATCH --output={log}
#SBATCH --time=00:05:00
exec {command}
"""


@pytest.mark.parametrize("name", NAMES)
def test_sbatch_of_mpiexec(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    close_kept()  # its idle jobs hold the cores
    until(lambda: not site.jobs())
    world, log = world_of(name), tmp_path / "log"
    for variable, value in world.environment.items():
        monkeypatch.setenv(variable, value)  # sbatch hands it on
    (tmp_path / "script.py").write_text(SCRIPT)
    command = shlex.join(world.command(4, str(tmp_path / "script.py")))
    (tmp_path / "job").write_text(JOB.format(log=log, command=command))
    call("sbatch", str(tmp_path / "job"))
    until(lambda: bool(site.jobs()))
    until(lambda: not site.jobs(), 120)
    assert log.read_text().splitlines()[-1:] == ["4950"], log.read_text()
