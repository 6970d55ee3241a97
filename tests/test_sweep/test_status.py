"""How far a sweep is, said from its store alone; with jobs, see test_cluster/slurm."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cluster.batch.handed import VARIABLE, Head
from sweep import parallel_run
from sweep.cli import main
from sweep.store.heads import IN_VAIN, head_noted, note_head
from workers.folder import LocalFolder


def said(store: Path) -> str:
    return CliRunner().invoke(main, ["status", str(store)]).output


def failing(idx: int, net: Any) -> int:
    if idx == 2:
        raise ValueError("as planned")
    return idx


def test_after_a_sweep(tmp_path: Path) -> None:
    store = tmp_path / "s.zarr"
    parallel_run(failing, number=5, store=store, cluster="debug", on_error="keep")
    lines = said(store).splitlines()
    assert lines[0] == "5 of 5 networks done, 1 of them failed; 0 left"
    assert re.fullmatch(r"5 networks in \d+ s, .* networks a minute", lines[1])
    assert len(lines) == 2


def test_of_a_client_that_was_killed(tmp_path: Path) -> None:
    code = """
import os, time
from pathlib import Path
from sweep import parallel_run
from sweep.commands.status import status

def method(idx, net):
    if idx == 3:
        status.main(["s.zarr"], standalone_mode=False)
        os.kill(os.getpid(), 9)
    time.sleep(0.6)  # longer than from one commit to the next
    return idx

parallel_run(method, number=5, store="s.zarr", cluster="debug")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == -9, done.stderr
    during = done.stdout.splitlines()
    assert re.fullmatch(r"[1-3] of 5 networks done, 0 of them failed; [2-4] left", during[0])
    assert re.fullmatch(r"written by process \d+ on .*, since 20.*", during[1])
    assert "left" in during[2]
    assert "written by nobody: run the script again to go on\n" in said(tmp_path / "s.zarr")


def test_where_there_is_nothing(tmp_path: Path) -> None:
    assert "holds no results of a sweep" in said(tmp_path / "no.zarr")
    done = CliRunner().invoke(main, ["cancel", str(tmp_path / "no.zarr")])
    assert done.exit_code == 1
    assert "no job of 'sweep submit' has written" in done.output


def test_jobs_that_follow_on_one_another_in_vain_come_to_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def job(number: int) -> None:
        head = Head("slurm", "sweep-1", str(number), "a.log", {})
        monkeypatch.setenv(VARIABLE, head.environment()[VARIABLE])
        monkeypatch.setenv("SLURM_JOB_ID", str(number))

    for number in range(IN_VAIN):
        job(number)
        note_head(LocalFolder(tmp_path), 10)
    note_head(LocalFolder(tmp_path), 10)  # the same job once more
    job(IN_VAIN)
    with pytest.raises(RuntimeError, match=r"3 jobs, one after the other, .* none has finished a network"):
        note_head(LocalFolder(tmp_path), 10)
    note_head(LocalFolder(tmp_path), 11)
    noted = head_noted(LocalFolder(tmp_path))
    assert noted is not None
    assert (noted.job, noted.vain) == ("3", 0)
    assert head_noted(LocalFolder(tmp_path / "other")) is None
