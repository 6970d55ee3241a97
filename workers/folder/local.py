"""A folder of a file system."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from workers.folder.folder import Folder

PARTIAL = ".partial"
"""How the name of a file ends that is not finished."""
FULL = {errno.ENOSPC, errno.EDQUOT}


class LocalFolder(Folder):
    """A folder of a file system.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: set[Path] = set()

    @property
    def path(self) -> Path:
        """The path as given."""
        return self._path

    @property
    def address(self) -> str:
        """The whole path."""
        return str(self._path.resolve())

    def below(self, name: str) -> LocalFolder:
        """Give a folder in this one."""
        return LocalFolder(self._path / name)

    def names(self, deep: bool = True) -> Iterator[str]:
        """List the files."""
        for folder, folders, files in os.walk(self._path):
            start = folder[len(str(self._path)) :].strip("/")
            yield from (f"{start}/{file}" if start else file for file in files)
            if not deep:
                folders.clear()

    def exists(self, name: str) -> bool:
        """Whether a file is there."""
        return (self._path / name).exists()

    def changed(self, name: str) -> datetime:
        """Tell when a file was last written."""
        return datetime.fromtimestamp((self._path / name).stat().st_mtime, UTC)

    def open(self, name: str) -> IO[bytes]:
        """Open a file to read it."""
        return (self._path / name).open("rb")

    def write(self, name: str, content: bytes) -> None:
        """Write a file, to be made durable by `sync`."""
        self._written.add(self._replaced(name, content))

    def sync(self) -> None:
        """Make durable what `write` wrote."""
        for file in self._written:
            with contextlib.suppress(FileNotFoundError), file.open("rb") as opened:  # it may be undone
                os.fsync(opened.fileno())
        for folder in {file.parent for file in self._written}:
            _sync_folder(folder)
        self._written.clear()

    def forget(self) -> None:
        """Keep the files: they are there already."""

    def replace(self, files: Mapping[str, bytes], durable: bool = False) -> None:
        """Replace files."""
        for name, content in files.items():
            self._replaced(name, content, durable)

    def _replaced(self, name: str, content: bytes, durable: bool = False) -> Path:
        path = self._path / name
        draft = path.with_name(f".{path.name}{PARTIAL}")
        with _with_room(path), _opened(draft, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
        if durable:
            _sync_folder(path.parent)
        return path

    @contextlib.contextmanager
    def whole(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file that gets its name when it is finished."""
        path = self._path / name
        draft = path.with_name(f".{path.name}{PARTIAL}")
        try:
            with _with_room(path), _opened(draft, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)

    def create(self, name: str, content: bytes) -> None:
        """Create a file exclusively."""
        with _opened(self._path / name, "xb") as file:
            file.write(content)

    def renew(self, name: str, content: bytes) -> None:
        """Write over a file in its place, so that a removed one does not come back."""
        with contextlib.suppress(FileNotFoundError), (self._path / name).open("r+b") as file:
            file.write(content)

    def remove(self, *names: str) -> None:
        """Remove files."""
        for name in names:
            (self._path / name).unlink(missing_ok=True)


def _opened(path: Path, mode: str) -> IO[Any]:
    """Open a file to write it; its folder is made where there is none."""
    try:
        return path.open(mode)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open(mode)


@contextlib.contextmanager
def _with_room(path: Path) -> Iterator[None]:
    """Say which file there is no room for, and what to do: the system's error does not."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        what = f"{error.strerror}; make room and run the sweep again: what is stored stays, and it goes on"
        raise OSError(error.errno, what, str(path)) from error


def _sync_folder(folder: Path) -> None:
    """Have the names in a folder survive the loss of power, where the file system can promise that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
