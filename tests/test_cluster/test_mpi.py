"""Scripts under a real mpiexec, as wheels bring it."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest
from mpi_worlds import NAMES, World, world_of
from ports import listening, refuses_strangers
from slurm_site import runs, until

from sweep import mpi, parallel_run

SCRIPT = """
from sweep import mpi, parallel_run

there = mpi()

import os, signal, sys, time

def method(idx, net, fatal):
    time.sleep(0.01)
    if idx == fatal and not os.path.exists("killed"):
        open("killed", "w").close()
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    known = [name for name in os.environ if name.startswith(("PMI", "OMPI"))]
    return idx, float(net.rng.random()), os.getppid(), known

def sweep(fatal):
    return list(parallel_run(method, number=60, seed=4, cluster=there, fatal=fatal))

first = sweep(None)
if "fail" in sys.argv:
    raise SystemExit(3)
again = sweep(20)
assert [value[:2] for value in first] == [value[:2] for value in again]
assert not any(value[3] for value in first)
print(len({value[2] for value in first}), sum(value[1] for value in first), flush=True)
while not os.path.exists("seen"):
    time.sleep(0.05)
"""


@pytest.fixture(params=NAMES)
def world(request: pytest.FixtureRequest) -> World:
    return world_of(request.param)


def test_a_script_and_the_ports_that_it_opens(tmp_path: Path, world: World) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    command = world.command(4, "script.py")
    with subprocess.Popen(
        command, cwd=tmp_path, env=world.environment, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        said = run.stdout.readline().split()
        members = psutil.Process(run.pid).children(recursive=True)
        nodes = [p for p in psutil.process_iter(["cmdline"]) if "cluster.node" in (p.info["cmdline"] or [])]
        nodes = [p for p in nodes if p in members]
        strangers = [refuses_strangers(port) for port in listening(nodes)]
        (tmp_path / "seen").touch()
        run.communicate(timeout=120)
    expected = parallel_run(lambda idx, net: float(net.rng.random()), number=60, seed=4, cluster="debug")
    assert float(said[1]) == sum(expected)
    assert run.returncode == 0
    assert int(said[0]) == 2
    assert len(strangers) >= 2  # the scheduler's, and those of one worker or two: another was just killed
    assert all(strangers)
    until(lambda: not any(map(runs, nodes)))


def test_a_script_that_fails_ends_all(tmp_path: Path, world: World) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    run = subprocess.run(
        world.command(3, "script.py", "fail"),
        cwd=tmp_path,
        env=world.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 3


LONG = """
from sweep import mpi, parallel_run
there = mpi()

import time

def method(idx, net):
    time.sleep(0.05)
    return idx

parallel_run(method, number=3, cluster=there)
print("running", flush=True)
parallel_run(method, number=100000, cluster=there)
"""


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, world: World) -> None:
    (tmp_path / "my script.py").write_text(LONG)
    (tmp_path / "tmp").mkdir()
    with subprocess.Popen(
        world.command(3, "my script.py"),
        cwd=tmp_path,
        env={**world.environment, "TMPDIR": str(tmp_path / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"running\n"
        members = psutil.Process(run.pid).children(recursive=True)
        secrets = [*(tmp_path / "tmp").rglob("key.pem")]
        assert {file.stat().st_mode & 0o777 for file in secrets} == {0o600}
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does
        run.communicate(timeout=120)
    assert run.returncode
    until(lambda: not any(map(runs, members)))
    until(lambda: not [*(tmp_path / "tmp").rglob("key.pem")])


def test_mpi_without_mpiexec_is_refused() -> None:
    pytest.importorskip("mpi4py", reason="mpi() needs mpi4py: pip install 'neurosweep[mpi]'")
    with pytest.raises(RuntimeError, match=r"has 1; start the script as 'mpiexec -n 4 python"):
        mpi()
