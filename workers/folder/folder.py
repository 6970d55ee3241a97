"""What every folder promises."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO


class Folder(ABC):
    """Files by name; a name may begin with folders: "network/c.0"."""

    @property
    @abstractmethod
    def path(self) -> Path | str:
        """What zarr and people call it: a path, or a URL."""

    @property
    @abstractmethod
    def address(self) -> str:
        """What another process on another machine finds it by, if it can."""

    def __str__(self) -> str:
        return str(self.path)

    def where(self, name: str) -> str:
        """Name a file for people."""
        return f"{self.path}/{name}"

    @abstractmethod
    def below(self, name: str) -> Folder:
        """Give a folder in this one; it need not be there."""

    @abstractmethod
    def names(self, deep: bool = True) -> Iterator[str]:
        """List the files, those that are not finished too; if `deep`, also those in folders."""

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Whether a file is there."""

    @abstractmethod
    def changed(self, name: str) -> datetime:
        """Tell when a file was last written. Raises FileNotFoundError."""

    @abstractmethod
    def open(self, name: str) -> IO[bytes]:
        """Open a file to read it. Raises FileNotFoundError."""

    def read(self, name: str) -> bytes:
        """Read a file. Raises FileNotFoundError."""
        with self.open(name) as file:
            return file.read()

    @abstractmethod
    def write(self, name: str, content: bytes) -> None:
        """Write a file that this object finds at once, and others from the next `sync` on."""

    @abstractmethod
    def sync(self) -> None:
        """Have all that `write` wrote be there for others, and survive the loss of power."""

    @abstractmethod
    def forget(self) -> None:
        """Give up what `write` wrote and `sync` has not brought out of this process."""

    @abstractmethod
    def replace(self, files: Mapping[str, bytes], durable: bool = False) -> None:
        """Write files that are there for others at once; where `durable`, they survive the loss of power."""

    @abstractmethod
    def whole(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """Open a file to write it: it is there, and durable, when this is left without an error."""

    @abstractmethod
    def create(self, name: str, content: bytes) -> None:
        """Write a file if there is none of this name, else raise FileExistsError.

        Of several who try at the same moment one succeeds, on any file system that creates exclusively and
        in any cloud that knows this condition: S3, Google's and Azure's do.
        """

    @abstractmethod
    def renew(self, name: str, content: bytes) -> None:
        """Write over a file with as many bytes as it has; do nothing where it is no longer there."""

    @abstractmethod
    def remove(self, *names: str) -> None:
        """Remove files, where they are there."""
