"""What ``sweep submit`` is told is checked before anything is submitted; no batch system is needed."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cluster.batch.handed import VARIABLE, Head, own_head
from cluster.batch.pool import remove_credentials, state_folder
from cluster.batch.submission import Submission
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


OF_SGE = """
system = "sge"
jobs = 2
cores = 4
memory = "16GB"
walltime = "01:00:00"
parallel = "mt"

[head]
walltime = "1-00:00:00"
memory = "4GB"
partition = "long.q"
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


def test_what_would_be_submitted_to_grid_engine_can_be_printed() -> None:
    said = submit(OF_SGE, "--print", "12").output
    head, _, workers = said.partition("\n\n")
    for option in ("-r y", "-l h_vmem=3815M", "-l h_rt=86400", "-q long.q", f'-wd "{Path.cwd()}"'):
        assert f"#$ {option}\n" in head
    assert f'#$ -o "{Path.cwd()}/rates-$JOB_ID.log"\n' in head
    assert "-pe" not in head.partition("exec")[0]
    assert "#$ -pe mt 4\n" in workers
    again = Submission.from_json(shlex.split(head.splitlines()[-1])[-1])
    assert (again.system, again.job_script()) == ("sge", head + "\n")


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


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"sge"', '"pbs"', "cluster.toml: system='pbs'; expected one of slurm, sge"),
        ("parallel", "gpus", "cluster.toml: unknown option 'gpus'; expected some of jobs, cores, memory"),
        ('"16GB"', '"16"', "cluster.toml: memory='16'; expected a number and its unit"),
        (
            "partition",
            "gpus",
            r"\[head\]: unknown option 'gpus'; expected some of memory, walltime, .*parallel",
        ),
        ('"long.q"', '"all q"', r"\[head\]: partition='all q'; expected a name"),
    ],
)
def test_what_cannot_be_meant_of_grid_engine_is_refused(old: str, new: str, message: str) -> None:
    done = submit(OF_SGE.replace(old, new))
    assert done.exit_code == 1
    with pytest.raises(ValueError, match=message):
        raise ValueError(done.output)


@pytest.mark.parametrize(("toml", "program"), [(GOOD, "sbatch"), (OF_SGE, "qsub")])
def test_without_the_batch_system(toml: str, program: str) -> None:
    done = submit(toml)
    assert done.exit_code == 1
    assert f"{program} was not found: this machine cannot submit jobs" in done.output


def test_a_head_removes_the_credentials_of_one_whose_node_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(Path.cwd()))
    for name in ("sweep-1-a", "sweep-1-b", "sweep-2-a"):
        (state_folder() / name).mkdir()
        (state_folder() / name / "key.pem").touch()
    remove_credentials("sweep-1")
    assert [folder.name for folder in state_folder().iterdir()] == ["sweep-2-a"]


def test_only_the_job_itself_is_the_head(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_head() is None
    head = Head("slurm", "sweep-1", "7", "a.log", {"jobs": 1})
    monkeypatch.setenv(VARIABLE, head.environment()[VARIABLE])
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    assert own_head() == head
    monkeypatch.setenv("SLURM_JOB_ID", "8")  # a worker's, which inherits the variable
    assert own_head() is None
    assert json.loads(head.environment()[VARIABLE])["job"] == "7"
