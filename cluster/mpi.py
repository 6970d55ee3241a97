"""Workers in the processes that mpiexec has started: ``mpiexec -n 4 python script.py``."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from cluster.address import pool_at
from cluster.credentials import Credentials
from cluster.crew import Crew, environments, remove_at_the_end
from cluster.dask_pool import DaskPool
from cluster.host import LOOPBACK, own_address
from cluster.keeper import Keeper
from cluster.pool import Cluster

SCHEDULER, SCRIPT, LEAST = 0, 1, 3
LOOK = 0.1
PATIENCE = 60
# By these a library that knows MPI would take our programs for processes of the script's world.
OF_MPI = ("PMI", "PRTE", "OMPI_", "MPI_LOCAL", "MPIR_", "HYDRA_", "HYDI_")


@dataclass(frozen=True)
class Mpi(Cluster):
    """The world of an MPI program, seen from the process that runs the script."""

    address: str
    folder: Path
    workers: int

    def start(self) -> DaskPool:
        """Return a pool of all other processes, which is kept for the next call."""
        pool = pool_at(self.address, Credentials.at(self.folder).security())
        pool.client.wait_for_workers(self.workers, timeout=PATIENCE)
        return pool


@cache
def mpi(interface: str | None = None) -> Mpi:
    """Run in the processes that mpiexec has started.

    ``mpiexec -n 4 python script.py`` runs the script four times. Here the first of them becomes the
    scheduler, the second goes on with the script, and each of the others becomes a worker; those that do
    not go on end here when the script has ended. What the script does before, it does in each of them:
    call this first.

    Parameters
    ----------
    interface : str, optional
        The network interface by which machines reach the first process's, such as "ib0"; the one that
        leads out of it if not given.

    Raises
    ------
    RuntimeError
        If this is not one of at least 3 processes that mpiexec has started, or mpi4py is not installed.
    """
    world = _mpi4py().COMM_WORLD
    if world.size < LEAST:
        raise RuntimeError(
            f"mpi() needs at least {LEAST} processes and has {world.size}; start the script as "
            f"'mpiexec -n 4 python {sys.argv[0] or 'script.py'}'"
        )
    folder = Path(tempfile.mkdtemp(prefix="sweep-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    remove_at_the_end(folder)  # mpiexec may kill us
    return _share(world, folder, interface)


def _mpi4py() -> ModuleType:
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise RuntimeError(
            f"mpi() needs mpi4py and an MPI library ({error}): pip install 'neurosweep[mpi]'"
        ) from error
    module: ModuleType = MPI
    return module


def _share(world: Any, folder: Path, interface: str | None) -> Mpi:
    """Take this process's part; returns in the one that goes on with the script."""
    credentials = _credentials(world, folder)
    alone = len(set(world.allgather(os.uname().nodename))) == 1
    for name in [name for name in os.environ if name.startswith(OF_MPI)]:
        del os.environ[name]
    if world.rank == SCHEDULER:
        _schedule(world, credentials, folder, LOOPBACK if alone else own_address(interface))
        raise SystemExit(0)
    address = world.bcast(None, SCHEDULER)
    if world.rank == SCRIPT:
        atexit.register(_end, world)
        return Mpi(address, folder, world.size - SCRIPT - 1)
    _work(world, credentials, folder, address)
    raise SystemExit(0)


def _credentials(world: Any, folder: Path) -> Credentials:
    """Have the first process make credentials, and all others write them to folders of their own."""
    if world.rank == SCHEDULER:
        made = Credentials.made(folder)
        world.bcast((made.key.read_text(), made.certificate.read_text()), SCHEDULER)
        return made
    key, certificate = world.bcast(None, SCHEDULER)
    return Credentials(key, certificate, folder)


def _schedule(world: Any, credentials: Credentials, folder: Path, host: str) -> None:
    keeper = Keeper(0, folder, environments(credentials, 1, folder)[0], host)
    keeper.start()
    try:
        world.bcast(keeper.address.result(PATIENCE), SCHEDULER)
        while not world.iprobe(source=SCRIPT):
            time.sleep(LOOK)
            if not keeper.well:
                raise RuntimeError(keeper.error)
    except Exception as error:
        print(error, file=sys.stderr, flush=True)
        world.Abort(1)  # nobody can do anything without it
    world.recv(source=SCRIPT)
    keeper.stop()


def _work(world: Any, credentials: Credentials, folder: Path, address: str) -> None:
    crew = Crew(folder, environments(credentials, 1, folder), f"mpi{world.rank}")
    crew.start()
    crew.tell(address)
    try:
        while not world.iprobe(source=SCRIPT):
            time.sleep(LOOK)
            crew.look(dismissal=True)
    finally:
        crew.end()
    world.recv(source=SCRIPT)


def _end(world: Any) -> None:
    """Tell all others that the script has ended."""
    for rank in range(world.size):
        if rank != SCRIPT:
            world.send(None, rank)
