"""What is asked of Grid Engine is checked before anything is submitted; none is needed for that."""

from __future__ import annotations

from typing import Any

import pytest

from cluster.batch.sge import GridEngine
from sweep import sge

GIVEN: dict[str, Any] = {"jobs": 2, "cores": 4, "memory": "4GB", "walltime": "01:00:00"}


def test_the_script_can_be_printed() -> None:
    script = sge(**GIVEN, partition="long.q", account="me", parallel="mt", extra=["-l gpu=1"]).job_script(
        without=["n1", "n2"]
    )
    lines = script.splitlines()
    assert lines[0] == "#!/bin/bash"
    for line in (
        "-pe mt 4",
        "-l h_vmem=954M",
        "-l h_rt=3600",
        "-q long.q",
        "-A me",
        "-l hostname=!(n1|n2)",
        "-l gpu=1",
    ):
        assert f"#$ {line}" in lines
    assert lines[-1].endswith("-P -m cluster.batch.pilot FOLDER 4 3600")


def test_what_is_not_asked_for_is_not_in_the_script() -> None:
    script = sge(**GIVEN).job_script()
    assert not any(word in script for word in ("-q", "-A", "hostname=", "None"))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"memory": "4"}, "expected a number and its unit"),
        ({"memory": "4G"}, "memory='4G'; expected a number and its unit, such as '4GB'"),
        ({"walltime": "60"}, "expected hours, minutes and seconds"),
        ({"cores": 0}, "cores=0"),
        ({"parallel": "a b"}, "parallel='a b'; expected a name"),
        ({"extra": "-l gpu=1"}, "expected a list of options"),
        ({"extra": ["gpu=1"]}, "expected an option of qsub"),
        ({"extra": ["-q all.q"]}, "what sets it is partition"),
        ({"extra": ["-l gpu=1,h_rt=60"]}, "what sets it is walltime"),
        ({"extra": ["-l h_vmem=1G"]}, "what sets it is memory"),
        ({"extra": ["-l hostname=n1"]}, "what sets it is partition"),
        ({"extra": ["-l gpu=1\nrm -r /"]}, "expected an option of qsub"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sge(**{**GIVEN, **wrong})


@pytest.mark.parametrize("name", ["queue", "gpus"])
def test_an_unknown_option_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match=name):
        sge(**GIVEN, **{name: 1})


def test_one_core_needs_no_parallel_environment() -> None:
    assert "-pe" not in sge(**GIVEN | {"cores": 1}).job_script()


def test_without_grid_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RuntimeError, match="qsub was not found: this machine cannot submit jobs"):
        GridEngine().submit("")
