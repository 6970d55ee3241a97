"""A script as a job of a real Grid Engine: it goes on when its time is over, and can be cancelled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sge_site import SgeSite
from slurm_site import until
from stored import stored
from submitting import call, logs, script_in, submit, undisturbed

import sweep
from cluster.batch.pool import state_folder

CLUSTER = """
system = "sge"
jobs = 1
cores = 1
memory = "8GB"
walltime = "00:10:00"
interface = "lo"

[head]
walltime = "00:00:30"
memory = "16GB"
"""


@pytest.fixture(autouse=True)
def folder(site: SgeSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with script_in(tmp_path / "my sweep", site, monkeypatch) as made:
        yield made


def test_the_script_goes_on_when_its_time_is_over_and_leaves_nothing_when_cancelled(
    site: SgeSite, folder: Path
) -> None:
    (first,) = re.findall(r"^submitted job (\d+), sweep-", submit(CLUSTER, "script.py", "1000"))
    until(lambda: f"The time of job {first} is over; job " in logs(), 120)
    until(lambda: "running on 1 cores of 1 jobs; 0 jobs wait or end\n" in call("status", "s.zarr"), 60)
    during = call("status", "s.zarr")
    assert " of 1000 networks done, 0 of them failed; " in during
    assert re.search(r"submitted as sweep-\w+: job \d+ is RUNNING; log: .*my sweep/script-\d+.log\n", during)

    assert call("cancel", "s.zarr").startswith("ended job ")
    assert not site.jobs()
    assert not list(state_folder().iterdir())
    assert "has ended; log: " in call("status", "s.zarr")
    indices, results = stored(folder / "s.zarr"), sweep.open("s.zarr")
    assert len(indices) == len(set(indices)) < 1000
    expected = undisturbed(max(indices, default=0) + 1)
    assert [results[i] for i in indices] == [expected[i] for i in indices]
    heads = [file.read_text() for file in folder.glob("script-*.log")]
    assert len(heads) >= 2
    assert all("KeyboardInterrupt\n" in text for text in heads)  # each ended the script in order
