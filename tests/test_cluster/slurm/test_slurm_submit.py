"""A script as a job of a real Slurm: it goes on when its time is over, and leaves nothing when cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from click.testing import CliRunner
from slurm_site import until

import sweep
from cluster import slurm_pool
from sweep import parallel_run
from sweep.cli import main

CLUSTER = """
jobs = 2
cores = 1
memory = "500MB"
walltime = "00:10:00"
interface = "lo"

[head]
walltime = "{walltime}"
memory = "500MB"
"""
SCRIPT = """
import sys, time
from sweep import parallel_run

def method(idx, net):
    with open("log", "a") as file:
        file.write(f"{idx}\\n")
    time.sleep(0.4)
    return idx, float(net.rng.random())

parallel_run(method, number=int(sys.argv[1]), seed=4, store="s.zarr")
print("the end")
"""


@pytest.fixture(autouse=True)
def folder(site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    slurm_pool._close_kept()  # idle jobs of other tests hold the cores
    folder = tmp_path / "my sweep"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "script.py").write_text(SCRIPT)
    yield folder
    site.cancel_all()


def call(*arguments: str) -> str:
    done = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def submit(walltime: str, *command: str) -> str:
    Path("cluster.toml").write_text(CLUSTER.format(walltime=walltime))
    return call("submit", command[0], "--cluster", "cluster.toml", *command[1:])


def logs() -> str:
    return "\n".join(f"{file}: {file.read_text()}" for file in sorted(Path().glob("*-*.log")))


def undisturbed(number: int) -> list[Any]:
    return list(
        parallel_run(lambda idx, net: (idx, float(net.rng.random())), number, seed=4, cluster="debug")
    )


def stored() -> int:
    return (
        xr.open_dataset("s.zarr", engine="zarr").sizes["network"] if Path("s.zarr/zarr.json").exists() else 0
    )


def nothing_is_left(site: Any) -> bool:
    processes = [p for name in site.names for p in site.processes(name)]
    return not site.jobs() and not processes and not list(slurm_pool.state_folder().iterdir())


def test_the_script_goes_on_in_another_job_when_its_time_is_over(site: Any, folder: Path) -> None:
    said = submit("00:00:28", "script.py", "110")
    assert "submitted job " in said
    until(lambda: not site.jobs(), 200)

    assert list(sweep.open("s.zarr")) == undisturbed(110), logs()
    jobs = sorted(int(file.stem.removeprefix("script-")) for file in folder.glob("script-*.log"))
    texts = [Path(f"script-{job}.log").read_text() for job in jobs]
    assert len(jobs) > 1
    assert all(f"job {job} goes on" in text for job, text in zip(jobs[1:], texts, strict=False))
    assert "the end" in texts[-1]
    assert sorted(xr.open_dataset("s.zarr", engine="zarr").network.values.tolist()) == [*range(110)]
    assert nothing_is_left(site), site.states()
    assert call("status", "s.zarr").startswith("110 of 110 networks done, 0 of them failed; 0 left\n")


def test_what_is_cancelled_leaves_nothing_behind(site: Any, folder: Path) -> None:
    submit("00:10:00", "script.py", "1000")
    until(lambda: stored() >= 5, 60)
    during = call("status", "s.zarr")
    assert "of 1000 networks done, 0 of them failed; " in during
    assert "written by process " in during
    assert " is RUNNING; log: " in during
    assert "running on 2 cores of 2 jobs; 0 jobs wait or end" in during
    assert " networks a minute; about " in during

    assert call("cancel", "s.zarr").startswith("ended job ")
    assert nothing_is_left(site), site.states()
    after = call("status", "s.zarr")
    assert "written by nobody: run the script again to go on" in after
    assert "has ended; log: " in after
    number = stored()
    assert 5 <= number < 1000
    indices = xr.open_dataset("s.zarr", engine="zarr").network.values.tolist()
    expected = undisturbed(max(indices) + 1)
    results = sweep.open("s.zarr")
    assert [results[i] for i in indices] == [expected[i] for i in indices]
    assert "KeyboardInterrupt" in logs()
    assert call("cancel", "s.zarr").startswith("no job of sweep-")


def test_a_script_without_a_store_is_refused(site: Any, folder: Path) -> None:
    (folder / "bare.py").write_text(
        "from sweep import parallel_run\nparallel_run(lambda idx, net: idx, number=3)"
    )
    submit("00:10:00", "bare.py")
    until(lambda: not site.jobs(), 60)
    assert "ValueError: a script of 'sweep submit' needs store=" in logs()
