"""The files of a store as zarr is given them: each as it was written, or an error that names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from zarr.abc.store import Store
from zarr.storage import FsspecStore, LocalStore, WrapperStore

from sweep.store import root
from sweep.store.array import is_chunk
from sweep.store.chunks import intact
from sweep.store.root import DamagedStore
from workers.folder import Folder, LocalFolder

if TYPE_CHECKING:
    from zarr.abc.store import ByteRequest
    from zarr.core.buffer import Buffer, BufferPrototype


class Verified(WrapperStore[Store]):
    """A store for zarr to read, as its root was when this was made.

    Zarr finds a wrong checksum too, and does not say in which file; a chunk that is missing it takes for one
    that was never written.

    Parameters
    ----------
    store : zarr.abc.store.Store
        Where the files are.
    folder : Folder
        The same, for messages.
    """

    def __init__(self, store: Store, folder: Folder) -> None:
        super().__init__(store)
        self._folder, self._root = folder, root.read_bytes(folder)

    @classmethod
    def at(cls, folder: Folder) -> Self:
        """Give the store in a folder."""
        if isinstance(folder, LocalFolder):
            return cls(LocalStore(folder.path, read_only=True), folder)
        return cls(FsspecStore.from_url(str(folder.path), read_only=True), folder)

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Give a file.

        Raises
        ------
        DamagedStore
            It is a chunk that is missing or is not as it was written.
        """
        if key == root.FILE:
            return prototype.buffer.from_bytes(self._root)
        found = await super().get(key, prototype, byte_range)
        if byte_range is None and is_chunk(key):
            if found is None:
                raise self._damaged(key, "is missing")
            if not intact(found.to_bytes()):
                raise self._damaged(key, "differs from its checksum")
        return found

    def _damaged(self, key: str, what: str) -> DamagedStore:
        return DamagedStore(
            f"{self._folder.where(key)}: {what}; 'sweep check {self._folder}' lists all damage, and running "
            "the sweep again repairs it"
        )
