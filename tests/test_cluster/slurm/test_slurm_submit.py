"""A script as a job of a real Slurm: it goes on when its time is over, and leaves nothing when cancelled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import slurm_site
from ports import listening, refuses_strangers
from slurm_site import until
from stored import stored
from submitting import call, logs, script_in, submit, undisturbed

import sweep
from cluster.batch.pool import state_folder

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


@pytest.fixture(autouse=True)
def folder(site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with script_in(tmp_path / "my sweep", site, monkeypatch) as made:
        yield made


def until_listening(site: Any, number: int) -> list[tuple[str, int]]:
    ports = lambda: listening([p for name in site.names for p in site.processes(name)])  # noqa: E731
    until(lambda: len(ports()) == number)
    return ports()


def test_the_script_goes_on_in_another_job_when_its_time_is_over(site: Any, folder: Path) -> None:
    said = submit(CLUSTER.format(walltime="00:00:36"), "script.py", "200")
    assert "submitted job " in said
    until(lambda: "goes on" in logs(), 200)
    assert len(stored(folder / "s.zarr")) < 200
    Path("pace").write_text("0.0")
    until(lambda: not site.jobs(), 90)

    assert list(sweep.open("s.zarr")) == undisturbed(200), logs()
    jobs = sorted(int(file.stem.removeprefix("script-")) for file in folder.glob("script-*.log"))
    texts = [Path(f"script-{job}.log").read_text() for job in jobs]
    assert len(jobs) > 1
    assert all(f"job {job} goes on" in text for job, text in zip(jobs[1:], texts, strict=False))
    assert "the end" in texts[-1]
    assert sorted(stored(folder / "s.zarr")) == [*range(200)]
    site.await_end()
    assert call("status", "s.zarr").startswith("200 of 200 networks done, 0 of them failed; 0 left\n")


def test_what_is_cancelled_leaves_nothing_behind(site: Any, folder: Path) -> None:
    submit(CLUSTER.format(walltime="00:10:00"), "script.py", "1000")
    until(lambda: len(stored(folder / "s.zarr")) >= 5, 120)
    until(lambda: "running on 2 cores of 2 jobs; 0 jobs wait or end" in call("status", "s.zarr"), 60)
    during = call("status", "s.zarr")
    assert "of 1000 networks done, 0 of them failed; " in during
    assert "written by process " in during
    assert " is RUNNING; log: " in during
    assert " networks a minute; about " in during
    ports = until_listening(site, 3)  # the scheduler's, on the head's node, and two workers'
    assert all(refuses_strangers(port) for port in ports)

    (state_folder() / f"{re.findall('sweep-[0-9a-f]{8}', during)[0]}-of-a-node-that-was-lost").mkdir()
    assert call("cancel", "s.zarr").startswith("ended job ")
    site.await_end()
    after = call("status", "s.zarr")
    assert "written by nobody: run the script again to go on" in after
    assert "has ended; log: " in after
    indices = stored(folder / "s.zarr")
    assert 5 <= len(indices) < 1000
    expected = undisturbed(max(indices) + 1)
    results = sweep.open("s.zarr")
    assert [results[i] for i in indices] == [expected[i] for i in indices]
    assert "KeyboardInterrupt" in logs()
    assert call("cancel", "s.zarr").startswith("no job of sweep-")


SLOW_TO_END = """
import signal, time
from pathlib import Path

signal.signal(signal.SIGTERM, lambda *_: None)  # as parallel_run does
try:
    time.sleep(3600)
except KeyboardInterrupt:
    Path("ending").touch()
    while not Path("cancelled").exists():
        time.sleep(0.1)
    raise
"""


def test_who_cancels_the_job_while_its_script_ends_gets_no_other(site: Any, folder: Path) -> None:
    (folder / "slow.py").write_text(SLOW_TO_END)
    submit(CLUSTER.format(walltime="00:00:08"), "slow.py")
    until(Path("ending").exists)
    before = logs().count("goes on")
    slurm_site.call("scancel", *site.jobs("RUNNING"))
    until(lambda: not site.jobs("RUNNING"))
    Path("cancelled").touch()
    until(lambda: not site.jobs())
    assert logs().count("goes on") == before
    assert "KeyboardInterrupt" in logs()


def test_a_script_without_a_store_is_refused(site: Any, folder: Path) -> None:
    (folder / "bare.py").write_text(
        "from sweep import parallel_run\nparallel_run(lambda idx, net: idx, number=3)"
    )
    submit(CLUSTER.format(walltime="00:10:00"), "bare.py")
    until(lambda: not site.jobs(), 60)
    assert "ValueError: a script of 'sweep submit' needs store=" in logs()
