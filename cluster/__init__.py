"""Where workers come from."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeGuard

from cluster.address import Address, Connected
from cluster.batch.handed import leave_sigterm_to_the_head, own_head
from cluster.batch.sge import sge
from cluster.batch.slurm import slurm
from cluster.batch.systems import KINDS
from cluster.debug import Debug, debug
from cluster.local import local
from cluster.mpi import mpi
from cluster.pool import Cluster, Handle, Pool, Running

if TYPE_CHECKING:
    from distributed import Client

__all__ = [
    "Cluster",
    "Handle",
    "Pool",
    "Running",
    "connect",
    "debug",
    "described",
    "local",
    "mpi",
    "sge",
    "slurm",
]


def connect(cluster: Cluster | Client | str | None = None, max_processes: int = -1) -> Pool:
    """Get workers.

    Parameters
    ----------
    cluster : Cluster, distributed.Client or str, optional
        ``local(...)``, ``slurm(...)``, ``sge(...)``, ``mpi()``, "debug" or ``debug()``, the address of a Dask
        scheduler, or a Client connected to one. By default this machine, with workers that are kept for the
        next call; in a job of ``sweep submit`` the cluster that it was submitted with.
    max_processes : int
        For the default: how many networks run at once; -1 for as many as there are cores.

    Raises
    ------
    ValueError
        If the cluster is none of these.
    """
    head = own_head()
    if head is not None:
        leave_sigterm_to_the_head()
        cluster = KINDS[head.system].cluster(**head.workers) if cluster is None else cluster
    return described(cluster, max_processes).start()


def described(cluster: Cluster | Client | str | None = None, max_processes: int = -1) -> Cluster:
    """Return what `connect` would start, or raise as it does where this is no cluster."""
    if cluster is None:
        return local(None if max_processes == -1 else max_processes)
    if cluster == "debug":
        return Debug()
    if isinstance(cluster, str) and "://" in cluster:
        return Address(cluster)
    if _is_client(cluster):
        return Connected(cluster)
    if isinstance(cluster, Cluster):
        return cluster
    raise ValueError(
        f"cluster={cluster!r}; expected None, local(...), slurm(...), sge(...), mpi(), 'debug', the address "
        "of a Dask scheduler such as 'tls://host:8786', or a distributed.Client"
    )


def _is_client(cluster: Any) -> TypeGuard[Client]:
    # Who has a client has imported distributed, which takes half a second.
    return "distributed" in sys.modules and isinstance(cluster, sys.modules["distributed"].Client)
