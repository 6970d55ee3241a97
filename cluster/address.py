"""A Dask cluster that somebody else has started."""

from __future__ import annotations

import gc
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cluster.dask_pool import LOG, DaskPool
from cluster.host import reach
from cluster.pool import Cluster

if TYPE_CHECKING:
    from distributed import Client, Security

REACH = 10.0  # seconds in which a scheduler must answer


@dataclass(frozen=True)
class Connected(Cluster):
    """A Client that is connected already, and stays so."""

    client: Client

    def start(self) -> DaskPool:
        from cluster.versions import check_versions

        _await_worker(self.client)
        pool = DaskPool(self.client)
        check_versions(self.client)
        return pool


@dataclass(frozen=True)
class Address(Cluster):
    """The address of a Dask scheduler; for TLS, Dask's configuration says where the credentials are."""

    address: str

    def start(self) -> DaskPool:
        """Return a pool of its workers, which is kept for the next call."""
        from cluster.versions import check_versions

        pool = pool_at(self.address)
        _await_worker(pool.client)
        check_versions(pool.client)
        return pool


class _OwnClientPool(DaskPool):
    def close(self) -> None:
        super().close()
        self.client.close()


_kept: dict[str, _OwnClientPool] = {}


def pool_at(address: str, security: Security | None = None) -> DaskPool:
    """Connect to a scheduler, unless that has been done."""
    from distributed import Security

    if address not in _kept or _kept[address].client.status != "running":
        _kept[address] = _OwnClientPool(_connected(address, security or Security()))
    return _kept[address]


def _connected(address: str, security: Security) -> Client:
    """Connect, or say why not.

    Raises
    ------
    ValueError
        If the address cannot be meant, or TLS is asked for and Dask's configuration names no credentials.
    RuntimeError
        If the scheduler cannot be reached.
    """
    from distributed import Client

    parts = re.fullmatch(r"(tls|tcp)://[^/]+:\d+", address)
    if address.startswith(("tls:", "tcp:")) and parts is None:
        raise ValueError(f"cluster={address!r}; expected an address with its port, such as 'tls://host:8786'")
    if address.startswith("tls:") and not (security.tls_client_key and security.tls_client_cert):
        raise ValueError(
            f"cluster={address!r} needs credentials; name the files in Dask's configuration, as "
            "distributed.comm.tls.ca-file, .client.key and .client.cert, or give"
            " a Client(address, security=...)"
        )
    try:
        if parts is not None:
            reach(address, REACH)
        return Client(address, security=security, set_as_default=False)
    except (OSError, ValueError) as error:  # the latter of a scheme that Dask does not know
        said = str(error)
    gc.collect()  # a Client that was not connected is else waited for when the program ends
    raise RuntimeError(f"the scheduler at {address} cannot be reached: {said}")


def _await_worker(client: Client) -> None:
    """Wait until there is a worker: some clusters start one when there is something to do."""
    if not client.nthreads():
        LOG.warning("the cluster at %s has no worker; waiting for the first", client.scheduler.address)
        client.submit(os.getpid, pure=False).result()
