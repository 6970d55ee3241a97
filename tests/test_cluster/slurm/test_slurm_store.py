"""A store and a real Slurm: how results get there, and that nothing is lost or run twice for a death."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from slurm_site import until
from stored import stored

import sweep
from cluster.batch.cluster import close_kept
from sweep import parallel_run
from sweep.store.damage import check

NUMBER = 400
SCRIPT = """
import sys, time
from collections import Counter
from pathlib import Path
from sweep import parallel_run, slurm
from sweep.store.gather import Gatherer

ways, take = Counter(), Gatherer.take

def counted(self, arrived):
    ways.update(type(part).__name__ for part in arrived)
    return take(self, arrived)

def method(idx, net):
    time.sleep(float(Path(pace).read_text()))
    return idx, float(net.rng.random())

Gatherer.take, pace = counted, sys.argv[3]
there = slurm(jobs=3, cores=2, memory="500MB", walltime="00:10:00", interface="lo")
results = parallel_run(method, number=400, seed=4, store=sys.argv[1], cluster=there)
print(*ways, list(results) == eval(sys.argv[2]))
"""


@pytest.fixture(autouse=True)
def _room(site: Any) -> None:
    close_kept()  # idle jobs of other tests hold the cores


@pytest.fixture(scope="module")
def expected() -> list[Any]:
    return list(
        parallel_run(lambda idx, net: (idx, float(net.rng.random())), NUMBER, seed=4, cluster="debug")
    )


@pytest.fixture
def pace(tmp_path: Path) -> Path:
    """Give a file that says how many seconds a network takes."""
    file = tmp_path / "pace"
    file.write_text("0.01")
    return file


def command(store: Path, expected: list[Any], pace: Path) -> list[str]:
    return [sys.executable, "-c", SCRIPT, str(store), repr(expected), str(pace)]


def test_workers_that_see_the_store_write_their_parts(
    site: Any, tmp_path: Path, expected: list[Any], pace: Path
) -> None:
    run = subprocess.run(command(tmp_path / "s.zarr", expected, pace), capture_output=True, text=True)
    assert run.stdout == "Receipt True\n", run.stderr


def test_parts_go_through_dask_where_workers_do_not(
    site: Any, tmp_path: Path, expected: list[Any], pace: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    # A file system that is mounted for the script alone.
    mounted = ["unshare", "--mount", "sh", "-c", f'mount -t tmpfs none {own} && "$@" && cp -r {own}/s.zarr .']
    if subprocess.run([*mounted[:4], f"mount -t tmpfs none {own}"], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    run = subprocess.run(
        [*mounted, "sh", *command(own / "s.zarr", expected, pace)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.stdout == "Part True\n", run.stderr
    assert not list(own.iterdir())
    assert list(sweep.open(tmp_path / "s.zarr")) == expected


def client(script: subprocess.Popen[str]) -> psutil.Process:
    return psutil.Process(script.pid)


def scheduler(script: subprocess.Popen[str]) -> psutil.Process:
    children = psutil.process_iter(["ppid", "cmdline"])
    return next(c for c in children if c.info["ppid"] == script.pid and "scheduler" in c.info["cmdline"])


ENDS = [
    (client, signal.SIGKILL, ""),
    (client, signal.SIGINT, "KeyboardInterrupt"),
    (scheduler, signal.SIGKILL, "the cluster's scheduler has ended"),
]


@pytest.mark.timeout(600)  # four runs of a script
def test_ends_and_the_script_started_again(
    site: Any, tmp_path: Path, expected: list[Any], pace: Path
) -> None:
    folder = tmp_path / "my sweep"
    folder.mkdir()
    store, before = folder / "s.zarr", list[int]()
    pace.write_text("0.3")
    for victim, how, words in ENDS:
        with subprocess.Popen(
            command(store, expected, pace),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as script:
            wait_for(site, store, len(before) + 10)
            victim(script).send_signal(how)
            errors = script.communicate(timeout=120)[1]
        assert script.returncode, (how, errors)
        assert words in errors
        site.await_end()
        now = stored(store)
        assert now[: len(before)] == before  # what was stored was not run again
        assert len(before) + 10 <= len(now) < NUMBER
        before = now

    pace.write_text("0.01")
    again = subprocess.run(command(store, expected, pace), cwd=folder, capture_output=True, text=True)

    assert again.stdout == "Receipt True\n", again.stderr
    indices = stored(store)
    assert indices[: len(before)] == before
    assert sorted(indices) == [*range(NUMBER)]
    assert check(store) == []
    site.await_end()


def wait_for(site: Any, store: Path, number: int) -> None:
    """Wait until so many networks are stored, two jobs run, and one waits for cores."""
    until(lambda: len(stored(store)) >= number and len(site.jobs("PENDING")) == 1, 120)
