"""A Dask cluster that somebody else has started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cluster.dask_pool import DaskPool
from cluster.pool import Cluster

if TYPE_CHECKING:
    from distributed import Client


class _OwnClientPool(DaskPool):
    def close(self) -> None:
        super().close()
        self.client.close()


@dataclass(frozen=True)
class Connected(Cluster):
    """A Client that is connected already, and stays so."""

    client: Client

    def start(self) -> DaskPool:
        return DaskPool(self.client)


@dataclass(frozen=True)
class Address(Cluster):
    """The address of a Dask scheduler; for TLS, Dask's configuration says where the credentials are."""

    address: str

    def start(self) -> DaskPool:
        from distributed import Client

        return _OwnClientPool(Client(self.address, set_as_default=False))
