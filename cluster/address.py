"""A Dask cluster that somebody else has started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cluster.dask_pool import DaskPool
from cluster.pool import Cluster

if TYPE_CHECKING:
    from distributed import Client, Security


@dataclass(frozen=True)
class Connected(Cluster):
    """A Client that is connected already, and stays so."""

    client: Client

    def start(self) -> DaskPool:
        from cluster.versions import check_versions

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
        check_versions(pool.client)
        return pool


class _OwnClientPool(DaskPool):
    def close(self) -> None:
        super().close()
        self.client.close()


_kept: dict[str, _OwnClientPool] = {}


def pool_at(address: str, security: Security | None = None) -> DaskPool:
    """Connect to a scheduler, unless that has been done."""
    from distributed import Client

    if address not in _kept or _kept[address].client.status != "running":
        _kept[address] = _OwnClientPool(Client(address, security=security, set_as_default=False))
    return _kept[address]
