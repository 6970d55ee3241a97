"""What is asked of Slurm is checked before anything is submitted; no Slurm is needed for that."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import Any

import pytest

from cluster.batch.pilot import notice
from cluster.batch.slurm import Slurm
from cluster.batch.units import mebibytes, seconds
from cluster.crew import environments
from sweep import slurm
from workers.launch import environment

GIVEN: dict[str, Any] = {"jobs": 2, "cores": 4, "memory": "4GB", "walltime": "01:00:00"}


def test_the_script_can_be_printed() -> None:
    script = slurm(**GIVEN, partition="long", account="me", gpus=2, extra=["--qos=short"]).job_script()
    lines = script.splitlines()
    assert lines[0] == "#!/bin/bash"
    for line in (
        "cpus-per-task=4",
        "mem=3815M",
        "time=01:00:00",
        "partition=long",
        "account=me",
        "gres=gpu:2",
    ):
        assert f"#SBATCH --{line}" in lines
    assert "#SBATCH --qos=short" in lines
    assert lines[-1].endswith("-P -m cluster.batch.pilot FOLDER 4 3600")


def test_what_is_not_asked_for_is_not_in_the_script() -> None:
    script = slurm(**GIVEN).job_script()
    assert not any(word in script for word in ("partition", "account", "gres", "None"))


def test_nodes_are_excluded_besides_those_that_the_person_excludes() -> None:
    assert "--exclude" not in slurm(**GIVEN).job_script()
    assert "\n#SBATCH --exclude=n3,n4\n" in slurm(**GIVEN).job_script(without=["n3", "n4"])
    script = slurm(**GIVEN, extra=["--exclude n1", "--qos=x", "--exclude=n2"]).job_script(without=["n3"])
    assert "\n#SBATCH --qos=x\n#SBATCH --exclude=n1,n2,n3\n" in script


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"memory": "4"}, "memory='4'; expected a number and its unit"),
        ({"memory": 4}, "its unit"),
        ({"memory": "4G"}, "its unit"),
        ({"memory": "0GB"}, "its unit"),
        ({"memory": "4GB\n#SBATCH --x"}, "its unit"),
        ({"walltime": "60"}, "walltime='60'; expected hours, minutes and seconds"),
        ({"walltime": 60}, "expected hours"),
        ({"walltime": "01:00"}, "expected hours"),
        ({"walltime": "00:00:00"}, "expected hours"),
        ({"walltime": "00:61:00"}, "expected hours"),
        ({"jobs": 0}, "jobs=0; expected a whole number of at least 1"),
        ({"cores": 1.5}, "cores=1.5"),
        ({"gpus": -1}, "gpus=-1"),
        ({"partition": "a b"}, "partition='a b'; expected a name"),
        ({"extra": "--qos=short"}, r"expected a list of options, such as \['--qos=short'\]"),
        ({"extra": ["qos"]}, "expected an option of sbatch"),
        ({"extra": ["--time=5"]}, "what sets it is walltime"),
        ({"extra": ["--mem-per-cpu=1G"]}, "what sets it is memory"),
        ({"extra": ["--qos=a\nrm -r /"]}, "expected an option of sbatch"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        slurm(**{**GIVEN, **wrong})


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(TypeError, match="queue"):
        slurm(**GIVEN, queue="long")


def test_units() -> None:
    assert [mebibytes(text) for text in ("1GiB", "1.5 GiB", "1MB", "1TB")] == [1024, 1536, 1, 953675]
    assert [seconds(text) for text in ("00:00:01", "1-00:00:00", "100:00:00")] == [1, 86400, 360000]


def test_workers_stop_before_the_walltime() -> None:
    assert notice(3600) == (3540, 3585)
    assert notice(8) == (6, 7.5)


def test_a_jobs_time_counts_from_when_its_script_was_begun() -> None:
    begun = "from cluster.batch.pilot import age; print(age())"
    script = shlex.join([sys.executable, "-c", begun])
    done = subprocess.run(
        ["sh", "-c", f"sleep 1.5; exec {script}"], env=environment({}), capture_output=True, check=True
    )
    assert 1.5 <= float(done.stdout) < 120


def test_gpus_go_round(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    from cluster.credentials import Credentials

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    given = environments(Credentials.at(tmp_path), 3, tmp_path)
    assert [e["CUDA_VISIBLE_DEVICES"] for e in given] == ["3", "5", "3"]


def test_without_slurm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RuntimeError, match="sbatch was not found: this machine cannot submit jobs"):
        Slurm().submit("")


def test_an_unknown_interface() -> None:
    with pytest.raises(ValueError, match="interface='nosuch0' is none of this machine's"):
        slurm(**GIVEN, interface="nosuch0").start()
