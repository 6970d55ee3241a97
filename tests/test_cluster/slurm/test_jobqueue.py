"""What dask-jobqueue starts, on whatever batch system, is a Dask cluster like another: sweeps run on it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from distributed import Client
from faults import NUMBER, undisturbed, value
from slurm_site import Site, until

from cluster.batch.cluster import close_kept
from cluster.credentials import Credentials
from sweep import parallel_run


def test_a_cluster_of_dask_jobqueue(site: Site, tmp_path: Path) -> None:
    jobqueue = pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed")
    options: dict[str, Any] = {
        "cores": 2,
        "processes": 2,
        "memory": "500MB",
        "walltime": "00:10:00",
        "interface": "lo",
        "protocol": "tls://",
        "security": Credentials.made(tmp_path).security(),
        "log_directory": str(tmp_path),
        "python": sys.executable,
    }
    close_kept()  # idle jobs of other tests, which hold the cores
    until(lambda: not site.jobs())
    with jobqueue.SLURMCluster(**options) as cluster, Client(cluster) as client:
        cluster.scale(jobs=2)
        assert list(parallel_run(value, number=NUMBER, seed=4, cluster=client)) == undisturbed()
    until(lambda: not site.jobs())
