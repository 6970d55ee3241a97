"""What ``sweep submit`` is told is checked before anything is submitted; no Slurm is needed for that."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cluster.handed import VARIABLE, Head, own_head
from cluster.submission import Submission
from sweep.cli import main

GOOD = """
jobs = 2
cores = 4
memory = "4GB"
walltime = "01:00:00"
partition = "long"

[head]
walltime = "1-00:00:00"
memory = "2GB"
account = "me"
extra = ["--qos=long"]
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    Path("rates.py").touch()


def submit(toml: str, *arguments: str) -> Any:
    Path("cluster.toml").write_text(toml)
    return CliRunner().invoke(main, ["submit", "rates.py", "--cluster", "cluster.toml", *arguments])


def test_what_would_be_submitted_can_be_printed() -> None:
    said = submit(GOOD, "--print", "12", "--fast").output
    head, _, workers = said.partition("\n\n")
    for option in ("requeue", "mem=1908M", "time=1-00:00:00", "account=me", "qos=long", "cpus-per-task=1"):
        assert f"#SBATCH --{option}\n" in head
    assert f"#SBATCH --output={Path.cwd()}/rates-%j.log\n" in head
    assert "partition" not in head.partition("exec")[0]
    assert "#SBATCH --partition=long\n" in workers
    again = Submission.from_json(shlex.split(head.splitlines()[-1])[-1])
    assert again.command == ["rates.py", "12", "--fast"]
    assert again.job_script() == head + "\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("jobs =", "queue =", "cluster.toml: unknown option 'queue'; expected some of jobs, cores, memory"),
        ('"4GB"', '"4"', "cluster.toml: memory='4'; expected a number and its unit"),
        ("jobs = 2", "", "cluster.toml: jobs is missing"),
        ('"2GB"', "2", r"cluster.toml, \[head\]: memory=2; expected a number and its unit"),
        ('account = "me"', "jobs = 1", r"\[head\]: unknown option 'jobs'; expected some of memory, walltime"),
        ('"1-00:00:00"', "1", r"\[head\]: walltime=1; expected hours, minutes and seconds"),
        ("long", "a b", "partition='a b'; expected a name"),
        ('["--qos=long"]', '"--qos=long"', "expected a list of options"),
        ('["--qos=long"]', '["--requeue"]', "is set already"),
        ("[head]", "[other]", r"cluster.toml has no table \[head\]"),
        ("jobs = 2", "jobs = ", "cluster.toml cannot be read: Invalid value"),
    ],
)
def test_what_cannot_be_meant_is_refused(old: str, new: str, message: str) -> None:
    done = submit(GOOD.replace(old, new))
    assert done.exit_code == 1
    with pytest.raises(ValueError, match=message):
        raise ValueError(done.output)


def test_without_slurm() -> None:
    done = submit(GOOD)
    assert done.exit_code == 1
    assert "sbatch was not found: this machine cannot submit jobs" in done.output


def test_only_the_job_itself_is_the_head(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_head() is None
    head = Head("sweep-1", "7", "a.log", {"jobs": 1})
    monkeypatch.setenv(VARIABLE, head.environment()[VARIABLE])
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    assert own_head() == head
    monkeypatch.setenv("SLURM_JOB_ID", "8")  # a worker's, which inherits the variable
    assert own_head() is None
    assert json.loads(head.environment()[VARIABLE])["job"] == "7"
