"""A store and a real Slurm: how results get there, and that nothing is lost or run twice for a death."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import xarray as xr
from slurm_site import until

import sweep
from cluster import slurm_pool
from sweep import parallel_run
from sweep.store.damage import check

NUMBER = 100
SCRIPT = """
import sys, time
from collections import Counter
from sweep import parallel_run, slurm
from sweep.store.gather import Gatherer

ways, take = Counter(), Gatherer.take

def counted(self, arrived):
    ways.update(type(part).__name__ for part in arrived)
    return take(self, arrived)

def method(idx, net):
    time.sleep(each)
    return idx, float(net.rng.random())

Gatherer.take, each = counted, float(sys.argv[3])
there = slurm(jobs=2, cores=2, memory="500MB", walltime="00:10:00", interface="lo")
results = parallel_run(method, number=100, seed=4, store=sys.argv[1], cluster=there)
print(*ways, list(results) == eval(sys.argv[2]))
"""


@pytest.fixture(autouse=True)
def _room(site: Any) -> None:
    slurm_pool._close_kept()  # idle jobs of other tests hold the cores


@pytest.fixture(scope="module")
def expected() -> list[Any]:
    return list(
        parallel_run(lambda idx, net: (idx, float(net.rng.random())), NUMBER, seed=4, cluster="debug")
    )


def command(store: Path, expected: list[Any], each: float = 0.05) -> list[str]:
    """Return the command line of a sweep whose networks take some seconds each."""
    return [sys.executable, "-c", SCRIPT, str(store), repr(expected), str(each)]


def stored(store: Path) -> int:
    return xr.open_dataset(store, engine="zarr").sizes["network"] if (store / "zarr.json").exists() else 0


def test_workers_that_see_the_store_write_their_parts(site: Any, tmp_path: Path, expected: list[Any]) -> None:
    run = subprocess.run(command(tmp_path / "s.zarr", expected), cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout == "Receipt True\n", run.stderr


def test_parts_go_through_dask_where_workers_do_not(site: Any, tmp_path: Path, expected: list[Any]) -> None:
    own = tmp_path / "own"
    own.mkdir()
    # A file system that is mounted for the script alone.
    mounted = ["unshare", "--mount", "sh", "-c", f'mount -t tmpfs none {own} && "$@" && cp -r {own}/s.zarr .']
    if subprocess.run([*mounted[:4], f"mount -t tmpfs none {own}"], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    run = subprocess.run(
        [*mounted, "sh", *command(own / "s.zarr", expected)], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.stdout == "Part True\n", run.stderr
    assert not list(own.iterdir())
    assert list(sweep.open(tmp_path / "s.zarr")) == expected


def client(script: subprocess.Popen[str]) -> psutil.Process:
    return psutil.Process(script.pid)


def scheduler(script: subprocess.Popen[str]) -> psutil.Process:
    return next(c for c in client(script).children() if "scheduler" in c.cmdline())


@pytest.mark.parametrize("victim", [client, scheduler])
def test_a_death_and_the_script_started_again(
    site: Any, tmp_path: Path, expected: list[Any], victim: Callable[..., psutil.Process]
) -> None:
    store = tmp_path / "s.zarr"
    with subprocess.Popen(
        command(store, expected, 0.4), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as script:
        until(lambda: stored(store) >= 20, 60)
        orphans = set(site.jobs())
        victim(script).kill()
        errors = script.communicate(timeout=60)[1]
    assert orphans
    assert script.returncode
    assert victim is client or "the cluster's scheduler has ended" in errors
    before = xr.open_dataset(store, engine="zarr").network.values.tolist()
    assert 20 <= len(before) < NUMBER

    again = subprocess.run(command(store, expected, 0.4), cwd=tmp_path, capture_output=True, text=True)

    assert again.stdout == "Receipt True\n", again.stderr
    indices = xr.open_dataset(store, engine="zarr").network.values.tolist()
    assert indices[: len(before)] == before  # what was stored was not run again
    assert sorted(indices) == [*range(NUMBER)]
    assert check(store) == []
    until(lambda: not site.jobs(), 30)
    assert not [p for name in site.names for p in site.processes(name)]
    assert not list(slurm_pool.state_folder().iterdir())
