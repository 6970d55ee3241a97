"""A real Slurm of two nodes on this host."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import psutil
import pytest

from cluster.batch import pilots
from cluster.batch.cluster import close_kept
from cluster.batch.pool import state_folder

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo")
CONF = """
ClusterName=fx
SlurmctldHost={host}({address})
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthInfo=socket={folder}/run/munge.sock
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd.%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SlurmdTimeout=5
KillWait=30
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0,bf_interval=2
{nodes}
PartitionName=debug Nodes=ALL Default=YES
"""
NODE = """NodeName={name} NodeHostname={host} NodeAddr={address} Port={port} \\
    CPUs=2 CoresPerSocket=2 RealMemory=4000"""


class Site:
    """The daemons of a Slurm, in a folder of their own."""

    names = ("n1", "n2")
    address = "127.0.0.1"

    def __init__(self, folder: Path) -> None:
        self.folder, self.conf = folder, folder / "slurm.conf"
        self.environment = {"SLURM_CONF": str(self.conf)}
        for name in ("state", "run", "log", *(f"spool.{n}" for n in self.names)):
            (folder / name).mkdir()
        self._configure()

    def _configure(self) -> None:
        host, ports = socket.gethostname().split(".")[0], free_ports(1 + len(self.names))
        given = zip(self.names, ports[1:], strict=True)
        nodes = "\n".join(
            NODE.format(name=name, host=host, port=port, address=self.address_of(name))
            for name, port in given
        )
        text = CONF.format(
            host=host,
            ports=ports,
            user=getpass.getuser(),
            folder=self.folder,
            nodes=nodes,
            address=self.address,
        )
        self.conf.write_text(text)
        (self.folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)

    def start(self) -> None:
        run = self.folder / "run"
        files = {
            "socket": run / "munge.sock",
            "key-file": self.folder / "munge.key",
            "pid-file": run / "munged.pid",
            "log-file": self.folder / "log" / "munged.log",
            "seed-file": run / "seed",
        }
        call("munged", "--force", *(f"--{name}={file}" for name, file in files.items()))
        self.start_controller()
        for name in self.names:
            self.start_node(name)
        self.await_idle()

    def address_of(self, name: str) -> str:
        """Return a node's address."""
        return self.address

    def entry(self, name: str) -> list[str]:
        """Return what a command begins with that is to run on a node."""
        return []

    def start_node(self, name: str) -> None:
        call(*self.entry(name), "slurmd", "-f", str(self.conf), "-N", name)

    def start_controller(self) -> None:
        call("slurmctld", "-f", str(self.conf))

    def kill_controller(self) -> None:
        """Kill it once it has saved which jobs run: else it gives their ids again, and drains the nodes."""
        for job in self.jobs():
            call("scontrol", "update", f"JobId={job}", "Comment=saved")
        begin, state = time.time(), self.folder / "state" / "job_state"
        until(lambda: state.exists() and state.stat().st_mtime > begin)
        os.kill(int((self.folder / "run" / "slurmctld.pid").read_text()), signal.SIGKILL)

    def await_idle(self, seconds: float = 60.0) -> None:
        until(lambda: set(call("sinfo", "--noheader", "--Node", "--format=%T").split()) == {"idle"}, seconds)

    def kill_node(self, name: str) -> None:
        """Kill a node's daemon, and all processes of its jobs, those first that could still say something."""
        daemon = int((self.folder / "run" / f"slurmd.{name}.pid").read_text())
        os.kill(daemon, signal.SIGKILL)
        for process in sorted(self.processes(name), key=lambda p: p.create_time()):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def processes(self, name: str) -> list[psutil.Process]:
        """Find the processes of a node's jobs."""
        found: dict[psutil.Process, None] = {}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):  # it may end while it is looked at
                environment = process.environ()
                if environment.get("SLURMD_NODENAME") == name and self.mine(environment):
                    found[process] = None
                    parent = process.parent()
                    if parent is not None and parent.name().startswith("slurmstepd"):
                        found[parent] = None
        return [*found]

    def mine(self, environment: dict[str, str]) -> bool:
        return environment.get("SLURM_CONF") == str(self.conf)

    def jobs(self, state: str | None = None) -> list[str]:
        """List the jobs, those of one state if it is given."""
        return call("squeue", "--noheader", "--format=%A", *(["--states", state] if state else [])).split()

    def nodes(self) -> list[str]:
        """Name the nodes on which jobs are."""
        return call("squeue", "--noheader", "--format=%N").split()

    def details(self) -> str:
        """Say all that is known of the jobs, those too that ended within the last minutes."""
        return call("scontrol", "show", "job")

    def known(self) -> set[str]:
        """List the jobs, those too that ended within the last minutes."""
        return {*re.findall(r"^JobId=(\d+)", self.details(), re.MULTILINE)}

    def states(self) -> str:
        return call("squeue", "--noheader", "--format=%A %T %N %j") + call("sinfo", "--Node")

    def cancel_all(self) -> None:
        call("scancel", "--user", getpass.getuser())
        until(lambda: not self.jobs())

    def await_end(self) -> None:
        """Wait until no job is left, nor a process of one, nor a file with credentials."""
        until(lambda: not self.jobs())
        until(lambda: not [p for name in self.names for p in self.processes(name)])
        until(lambda: not list(state_folder().iterdir()))

    def stop(self) -> None:
        with contextlib.suppress(AssertionError, TimeoutError):
            self.cancel_all()
        pids = [int(file.read_text()) for file in (self.folder / "run").glob("*.pid")]
        daemons = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
        left = [p for name in self.names for p in self.processes(name)]
        for process in [*daemons, *left]:
            process.terminate()
        for process in psutil.wait_procs([*daemons, *left], 5)[1]:
            process.kill()


def call(*command: str) -> str:
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    environment = {**os.environ, "PATH": path}
    program = shutil.which(command[0], path=path) or command[0]
    done = subprocess.run(
        [program, *command[1:]], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.05)


def runs(process: psutil.Process) -> bool:
    """Whether a process runs; who has no parent to reap it may stay as a zombie."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def skip_without_slurm() -> None:
    missing = [p for p in PROGRAMS if shutil.which(p, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None]
    if missing:
        pytest.skip(f"no {', '.join(missing)}; Debian has them in slurmctld slurmd slurm-client munge")
    if os.geteuid() != 0:
        pytest.skip("a Slurm of one's own needs root")


class Daemons(Protocol):
    """A batch system of one's own."""

    folder: Path
    environment: dict[str, str]

    def start(self) -> None: ...
    def stop(self) -> None: ...


Made = TypeVar("Made", bound=Daemons)


@contextlib.contextmanager
def running(made: Made) -> Iterator[Made]:
    """Start a batch system, to which this process then submits, and stop it in the end."""
    close_kept()  # of another one
    with pytest.MonkeyPatch.context() as patch:
        for name, value in made.environment.items():
            patch.setenv(name, value)
        patch.setenv("XDG_STATE_HOME", str(made.folder / "home"))
        patch.setattr(pilots, "LOOK", 0.5)
        try:
            made.start()
            yield made
        finally:
            close_kept()
            made.stop()
