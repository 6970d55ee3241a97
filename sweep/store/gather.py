"""The gatherer: brings parts into a store, and sees to it that each network is there once."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import ClassVar
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from sweep.plan import Plan
from sweep.store.blocks import rows_kept
from sweep.store.damage import BAD, SPOOL
from sweep.store.lease import Lease
from sweep.store.root import WORK
from sweep.store.writing import Store
from workers import spool
from workers.folder import PARTIAL, Folder
from workers.part import Part
from workers.spool import Receipt, Spool

TOKEN = ".token-"
COMMIT_EVERY = 0.5  # seconds between two commits to a store that others read ...
COMMIT_SHARE = 0.1  # ... which may take so much of the time ...
COMMIT_BYTES = 32 << 20  # ... or so much waiting
LARGE_PART = 4 << 20


class Gatherer(ABC):
    """Brings what arrives from workers into a store. Used by one thread.

    Attributes
    ----------
    spool : Spool or None
        Where workers may leave their parts.
    """

    spool: Spool | None = None
    every: ClassVar[float] = COMMIT_EVERY

    def __init__(self, store: Store, plan: Plan) -> None:
        self._store, self._plan = store, plan
        self._waiting_bytes = 0
        self._next = time.monotonic() + self.every

    def take(self, arrived: Sequence[Part | Receipt]) -> list[int]:
        """Take what has arrived; return the indices of networks that are to be run again."""
        for part in arrived:
            self._waiting_bytes += part.nbytes + 64 * len(part.index)
            self._keep(part)
        if not self._waiting_bytes:
            return []
        if time.monotonic() < self._next and self._waiting_bytes < COMMIT_BYTES:
            return []
        begin = time.monotonic()
        lost = self.flush()
        end = time.monotonic()
        self._next = end + max(self.every, (end - begin) / COMMIT_SHARE)
        return lost

    def flush(self) -> list[int]:
        """Bring all that waits into the store; return the indices of networks that are to be run again."""
        self._waiting_bytes = 0
        return self._flush()

    @abstractmethod
    def _keep(self, part: Part | Receipt) -> None: ...

    @abstractmethod
    def _flush(self) -> list[int]: ...

    def _append(self, parts: Sequence[Part]) -> None:
        """Store the rows of parts that are not stored yet and belong to this plan."""
        seen: set[int] = set()
        new = []
        for part in parts:
            wanted = (self._plan.places(part.index) >= 0) & ~self._store.holds(part.index)
            for row in np.flatnonzero(wanted).tolist():
                index = int(part.index[row])
                wanted[row] = index not in seen
                seen.add(index)
            new.append(rows_kept(part, wanted))
        self._store.append(self._store.fitting([part for part in new if len(part.index)]))


class FromSpool(Gatherer):
    """A gatherer of parts in a spool: each is there from when a worker reports it until it is stored.

    Parameters
    ----------
    store : Store
    plan : Plan
    work : Folder
        The folder in which the spool is.
    lease : Lease, optional
        The right to write the store, where others may want to.
    least : int
        How many bytes a part has at least to be left in the spool by a worker; smaller ones are sent.
    """

    def __init__(
        self, store: Store, plan: Plan, work: Folder, lease: Lease | None = None, least: int = 0
    ) -> None:
        super().__init__(store, plan)
        self._folder, self._bad, self._lease = work.below(SPOOL), work.below(BAD), lease
        self._waiting: dict[str, NDArray[np.int64]] = {}
        left = [n for n in self._folder.names() if n.startswith(TOKEN) or n.endswith(PARTIAL)]
        self._folder.remove(*left)
        self.spool = Spool(self._folder.address, f"{TOKEN}{uuid4().hex}", least)
        self._folder.create(self.spool.token, b"")

    def fold_all(self) -> None:
        """Store all that is in the spool, whoever left it there."""
        for name in sorted(name for name in self._folder.names() if name.endswith(spool.END)):
            self._waiting.setdefault(name, np.empty(0, np.int64))
        self.flush()

    def close(self) -> None:
        """Let no more parts be left here."""
        if self.spool is not None:
            self._folder.remove(self.spool.token)

    def _keep(self, part: Part | Receipt) -> None:
        name = part.name if isinstance(part, Receipt) else spool.write(self._folder, part)
        self._waiting[name] = part.index

    def _flush(self) -> list[int]:
        lost: list[int] = []
        while self._waiting:
            self._fold(dict(self._some(lost)))  # which lets go of them before the next are read
        return lost

    def _fold(self, read: dict[str, Part]) -> None:
        if self._lease is not None:
            self._lease.check()
        self._append(list(read.values()))
        # Those that are not stored wait for a call that has them in its plan.
        self._folder.remove(*(n for n, part in read.items() if self._store.holds(part.index).all()))

    def _some(self, lost: list[int]) -> Iterator[tuple[str, Part]]:
        """Read parts that wait, as many as fit in memory together."""
        size = 0
        while self._waiting and size < COMMIT_BYTES:
            name = next(iter(self._waiting))
            index = self._waiting.pop(name)
            try:
                part = spool.read(self._folder, name)
            except spool.DamagedPart:
                self._put_away(name)
                lost += index.tolist()
                continue
            size += part.nbytes
            yield name, part

    def _put_away(self, name: str) -> None:
        with suppress(OSError):  # it may be gone, or be damaged so that it cannot even be read
            self._bad.replace({name: self._folder.read(name)})
        self._folder.remove(name)


class FromMemory(FromSpool):
    """A gatherer for a store that goes with its results: nothing is kept that a crash would take.

    Nobody else reads the store, so that only memory says when to write to it. Small parts are sent, and wait
    there; large ones come through the spool, since several of them on their way here would fill it.
    """

    every = math.inf

    def __init__(self, store: Store, plan: Plan) -> None:
        super().__init__(store, plan, store.folder.below(WORK), least=LARGE_PART)
        self._sent: list[Part] = []

    def _keep(self, part: Part | Receipt) -> None:
        if isinstance(part, Part):
            self._sent.append(part)
        else:
            super()._keep(part)

    def _flush(self) -> list[int]:
        sent, self._sent = self._sent, []
        self._append(sent)
        return super()._flush()
