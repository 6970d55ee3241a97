"""What ``sweep doctor`` finds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cluster.batch.systems import KINDS
from sweep import doctor
from sweep.cli import main
from sweep.shadows import ROOT, shadows
from workers import simulators


def only(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = simulators.registered()[name]
    monkeypatch.setattr(simulators, "registered", lambda: {name: entry})


def test_a_file_of_our_name_beside_a_script(tmp_path: Path) -> None:
    (tmp_path / "sweep").mkdir()  # a folder of results is no package
    assert shadows(tmp_path) == []
    (tmp_path / "cluster.py").touch()
    done = CliRunner().invoke(main, ["doctor", str(tmp_path)])
    assert done.exit_code == 1
    found = f"{tmp_path.resolve()}/cluster.py takes the place of our package 'cluster'"
    assert done.output == f"wrong   {found}: give it another name\n"


def test_a_file_of_our_name_on_the_path_of_all_scripts(tmp_path: Path) -> None:
    (tmp_path / "cluster.py").touch()
    start = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]"
    command = [sys.executable, "-c", f"{start}; from sweep.cli import main; main()", "doctor"]
    (tmp_path / "scripts").mkdir()
    done = subprocess.run(command, cwd=tmp_path / "scripts", capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert f"{tmp_path}/cluster.py takes the place of our package 'cluster'" in done.stdout


def test_where_all_is_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    only("nest", monkeypatch)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    done = CliRunner().invoke(main, ["doctor", str(tmp_path)])
    lines = done.output.splitlines()
    assert done.exit_code == 0, done.output
    assert lines[:2] == ["ok      sweep, cluster, workers, hardware are ours", "ok      nest"]
    assert lines[2].startswith(("ok      Slurm", "absent  Slurm"))
    assert lines[3].startswith(("ok      Grid Engine", "absent  Grid Engine"))
    assert lines[4].startswith(("ok      MPI", "absent  MPI"))
    assert lines[5] == f"ok      credentials are kept in {tmp_path}/neurosweep"


def test_a_simulator_that_is_installed_and_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only("nest", monkeypatch)
    (tmp_path / "nest.py").write_text('raise ImportError("libgsl.so.27: cannot open shared object file")')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    finding = next(doctor.installed())
    assert finding.how == "wrong"
    assert "nest: cannot be imported: ImportError: libgsl.so.27" in finding.what


def test_a_simulator_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    only("nest", monkeypatch)
    monkeypatch.setattr(simulators, "is_installed", lambda adapter: False)
    assert next(doctor.installed()).how == "absent"


def test_credentials_that_others_could_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "neurosweep").mkdir(mode=0o755)
    finding = doctor.state()
    assert (finding.how, "others can read" in finding.what) == ("wrong", True)
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    assert "set XDG_STATE_HOME to a folder of yours" in doctor.state().what


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a folder another user's")
def test_credentials_are_not_kept_at_another_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "neurosweep").mkdir(mode=0o700)
    os.chown(tmp_path / "neurosweep", 65534, 65534)
    assert "neurosweep is another user's; set XDG_STATE_HOME" in doctor.state().what


@pytest.mark.parametrize("name", KINDS)
def test_a_batch_system_that_does_not_answer(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = KINDS[name].system
    for program in system.programs:
        file = tmp_path / program
        file.write_text("#!/bin/sh\necho no controller >&2\nexit 1\n")
        file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    said = f"absent  {system.title}: its commands are here, but {system.programs[1]} failed: no controller"
    assert str(doctor.batch(name)) == said
    monkeypatch.setenv("PATH", "/nowhere")
    missing = f"{system.title}: no {', '.join(system.programs)} here; {name}() is for login nodes"
    assert doctor.batch(name).what == missing


def test_an_mpi_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PATIENCE", 0.001)  # no Python starts so soon
    assert str(doctor.mpi()) == "wrong   MPI: cannot be imported within 0.001 s"
