"""What ``sweep doctor`` looks at: whether what this package needs is there, and works."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cluster.batch.pool import state_folder
from cluster.batch.system import BatchError
from cluster.batch.systems import KINDS
from workers import simulators
from workers.launch import command, environment

PATIENCE = 120


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    how : {"ok", "absent", "wrong"}
        Absent is what need not be there.
    what : str
    """

    how: Literal["ok", "absent", "wrong"]
    what: str

    def __str__(self) -> str:
        return f"{self.how:8}{self.what}"


def examine() -> Iterator[Finding]:
    """Look at all."""
    yield from installed()
    yield from map(batch, KINDS)
    yield mpi()
    yield state()


def installed() -> Iterator[Finding]:
    """Import each simulator that is installed, in a process of its own."""
    running = []
    for name in sorted(simulators.registered()):
        try:
            adapter = simulators.adapter(name)
        except Exception as error:  # a plug-in of somebody else may raise anything
            yield Finding("wrong", f"{name}: its adapter cannot be loaded: {error}")
            continue
        if simulators.is_installed(adapter):
            running.append((name, _started(name)))
        else:
            yield Finding("absent", f"{name}: {adapter.install}")
    for name, process in running:
        yield _judged(name, process)


def _started(name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*command("sweep.doctor"), name],
        env=environment({}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _judged(name: str, process: subprocess.Popen[str]) -> Finding:
    try:
        errors = process.communicate(timeout=PATIENCE)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return Finding("wrong", f"{name}: cannot be imported within {PATIENCE} s")
    if process.returncode:
        return Finding("wrong", f"{name}: cannot be imported: {_end(errors, process.returncode)}")
    return Finding("ok", name)


def _end(errors: str, code: int) -> str:
    """Say how a process failed: by the last line of what it said."""
    return (errors.strip() or f"ended with {code}").splitlines()[-1]


def batch(name: str) -> Finding:
    """See whether the commands of a batch system are here and are answered."""
    system = KINDS[name].system
    missing = [program for program in system.programs if shutil.which(program) is None]
    if missing:
        text = f"{system.title}: no {', '.join(missing)} here; {name}() is for login nodes"
        return Finding("absent", text)
    try:
        system.queued()
    except BatchError as error:
        text = f"{system.title}: its commands are here, but {str(error).splitlines()[0]}"
        return Finding("absent", text)
    return Finding("ok", system.title)


def mpi() -> Finding:
    """See whether MPI can be used, in a process of its own: a library that does not fit may end it."""
    code = "from mpi4py import MPI; print(MPI.Get_library_version().split(',')[0].split(chr(10))[0])"
    words = [sys.executable, "-P", "-c", code]
    try:
        done = subprocess.run(
            words, env=environment({}), capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return Finding("wrong", f"MPI: cannot be imported within {PATIENCE} s")
    if "No module named 'mpi4py'" in done.stderr:
        return Finding("absent", "MPI: pip install 'neurosweep[mpi]'")
    if done.returncode:
        return Finding("wrong", f"MPI: {_end(done.stderr, done.returncode)}")
    return Finding("ok", f"MPI: {' '.join(done.stdout.split())}")


def state() -> Finding:
    """See whether credentials can be kept where only this user reads them."""
    try:
        folder = state_folder()
        probe = folder / ".doctor"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        return Finding("wrong", f"credentials: {error}")
    return Finding("ok", f"credentials are kept in {folder}")


if __name__ == "__main__":
    simulators.start(sys.argv[1])
