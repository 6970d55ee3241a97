"""The programs of a cluster: ``python -P -m cluster.node ROLE PARENT FOLDER WHICH``.

A scheduler writes its address to its standard output; workers read it from their standard input, so that
all can be started at once. They differ from Dask's own in that they open no port for HTTP, and end when
their parent does. WHICH is the address at which a scheduler listens, and the beginning of a worker's name.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import dask
import distributed
from distributed.comm import get_address_host
from distributed.core import Status
from distributed.utils import get_ip

from cluster.host import LOOPBACK
from cluster.keeper import END, LAST_WORDS
from workers.launch import die_with_parent

SETTINGS: dict[str, Any] = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,
    # Else each process takes 2 % of a core to see 50 times a second whether its event loop is late.
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
    # A worker has what it runs and no more, so that what is lost with it are suspects only; the sweep
    # counts how often, and knows to hand the networks of a lost task out one by one.
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.allowed-failures": 0,
}
OF_LOOPBACK = {"distributed.scheduler.worker-ttl": None}  # a laptop that slept need not drop its workers
TO_WORKERS = "5s"  # how long the scheduler tries to reach a worker that may be dead
AT_ONCE = 32  # to how many workers it connects at once: of a thousand, few would be greeted in time
PATIENCE = 30  # seconds that the command of the last words may take
NO_SCHEDULER = 60  # seconds after which a worker gives up finding it


class _NoHttp:
    def start_http_server(self, *arguments: object, **options: object) -> None:
        """Open no port: Dask's HTTP server asks for no credentials."""


class Scheduler(_NoHttp, distributed.Scheduler):  # type: ignore[misc]
    """A scheduler that listens with TLS only, and gives a worker its next task when it is free."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        connect, turns = self.rpc.connect, asyncio.Semaphore(AT_ONCE)

        async def in_turn(address: str, timeout: float | None = None) -> Any:
            async with turns:
                return await connect(address, timeout)

        self.rpc.connect = in_turn

    def is_rootish(self, ts: Any) -> bool:
        """Whether a task waits at the scheduler until a worker is free: each does that may go to any."""
        return not ts.worker_restrictions

    def decide_worker_rootish_queuing_enabled(self) -> Any:
        """Take any worker that is free; Dask looks at all of them, which takes ms where they are many."""
        return next(iter(self.idle_task_count), None)


class Worker(_NoHttp, distributed.Worker):  # type: ignore[misc]
    """A worker that listens with TLS only."""

    status: Any

    async def drain(self) -> None:
        """Take no more tasks, finish those that run, wait until their results are fetched, and end."""
        if self.status != Status.running:
            return
        self.status = Status.closing_gracefully
        while self.state.executing or self.data:
            await asyncio.sleep(0.05)
        # What came too late to be begun goes back, and is held against nobody.
        await self.scheduler.retire_workers(workers=[self.address], remove=True)
        await self.close(reason="drained")


class Nanny(distributed.Nanny):  # type: ignore[misc]
    """A nanny, for where nobody else restarts workers; it listens with TLS only, as does its worker."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, worker_class=Worker, **options)


async def schedule(host: str) -> None:
    """Run a scheduler, which writes its address to the standard output."""
    async with Scheduler(host=host, protocol="tls", dashboard=False) as scheduler:
        print(scheduler.address, flush=True)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        await scheduler.finished()


_draining: set[asyncio.Task[None]] = set()


def drain(dask_worker: Worker) -> None:
    """Have a worker drain; called in its event loop."""
    _draining.add(asyncio.get_running_loop().create_task(dask_worker.drain()))


async def work(kind: type[Worker] | type[Nanny], address: str, folder: str, name: str) -> None:
    """Run a worker of one thread, which drains on SIGTERM."""
    worker = kind(
        address,
        nthreads=1,
        name=f"{name}-{os.uname().nodename}-{os.getpid()}",
        host=get_ip(get_address_host(address)),  # this machine's on the way to the scheduler
        memory_limit=0,  # not watched: the simulator's, which counts, is in the child process
        local_directory=folder,
        death_timeout=NO_SCHEDULER,
    )
    async with worker:
        if isinstance(worker, Worker):
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, drain, worker)
        await worker.finished()


def remove_at_the_end(folder: str) -> None:
    """Have the keeper's signal remove a folder, in which others may still write, and end this process.

    A command that is in the folder is run before.
    """

    def remove(*_: object) -> None:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            words = shlex.split((Path(folder) / LAST_WORDS).read_text())
            subprocess.run(words, stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False)
        end = time.monotonic() + 5
        while os.path.lexists(folder) and time.monotonic() < end:
            shutil.rmtree(folder, ignore_errors=True)
            time.sleep(0.05)
        os._exit(0)

    signal.signal(END, remove)
    # A batch system sends it to all processes of a job; when this one ends is for the script's to say.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def open_many_files() -> None:
    """Have as many connections as the system allows: a scheduler needs three for each worker."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main(role: str, parent: int, folder: str, which: str) -> None:
    """Run a scheduler, a worker, or a nanny with its worker."""
    dask.config.set(SETTINGS)
    if role == "scheduler":
        dask.config.set({"distributed.comm.timeouts.connect": TO_WORKERS})
        dask.config.set(OF_LOOPBACK if which == LOOPBACK else {})
        open_many_files()
        # Jobs see whether they reach it before they start workers, and say nothing.
        logging.getLogger("distributed.comm.tcp").addFilter(lambda said: "EOF" not in said.getMessage())
        remove_at_the_end(folder)
        die_with_parent(parent, END)
        asyncio.run(schedule(which))
    else:
        die_with_parent(parent)
        # What is raised in a task is the client's to tell, and it does.
        logging.getLogger("distributed.worker").addFilter(lambda said: "Compute Failed" not in said.msg)
        kind = Nanny if role == "nanny" else Worker
        asyncio.run(work(kind, sys.stdin.readline().strip(), folder, which))


if __name__ == "__main__":
    from cluster.node import main as run  # by its real name: a nanny sends its worker's class by reference

    run(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
