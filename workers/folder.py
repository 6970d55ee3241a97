"""Where the files of a store lie: in a folder of a file system, or under a URL of a cloud.

What is written is there in whole or not at all, and is found by whoever looks afterwards. On a file system
that is a file of another name, renamed when it is finished; in a cloud it is one upload, and fsspec, by its
own configuration and that of the cloud's tools, knows how to get there.
"""

from __future__ import annotations

import contextlib
import io
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

AT_ONCE = 16
PARTIAL = ".partial"
"""How the name of a file ends that is not finished."""


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


def folder_at(path: str | Path | Folder) -> Folder:
    """Give the folder at a path or a URL; it need not be there.

    Raises
    ------
    ValueError, ImportError
        Nothing is known of this kind of URL, or what it needs is not installed.
    """
    if isinstance(path, Folder):
        return path
    if isinstance(path, Path) and path.parts[:1] and path.parts[0].endswith(":"):
        raise ValueError(f"{path!r} is a path that was a URL; give URLs as strings")
    text = str(path)
    if text.startswith("file://"):
        return LocalFolder(Path(text.removeprefix("file://")))
    return CloudFolder(text) if "://" in text else LocalFolder(Path(path))


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
            sync_folder(folder)
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
        with _opened(draft, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
        if durable:
            sync_folder(path.parent)
        return path

    @contextlib.contextmanager
    def whole(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file that gets its name when it is finished."""
        path = self._path / name
        draft = path.with_name(f".{path.name}{PARTIAL}")
        try:
            with _opened(draft, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)

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


class CloudFolder(Folder):
    """A folder under a URL.

    An upload is one PUT (of more than 100 MB to S3 several, which count together when the last has come).

    Parameters
    ----------
    url : str
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._files, self._root = _file_system(self._url)
        self._waiting: dict[str, bytes] = {}
        self._last: dict[str, bytes] = {}  # the next commit changes the ends of many of these

    @property
    def path(self) -> str:
        """The URL."""
        return self._url

    @property
    def address(self) -> str:
        """The URL."""
        return self._url

    def below(self, name: str) -> CloudFolder:
        """Give a folder in this one."""
        return CloudFolder(f"{self._url}/{name}")

    def names(self, deep: bool = True) -> Iterator[str]:
        """List the files."""
        start = f"{self._root}/"
        with _reaching(self._url):
            files = self._files.find(self._root, maxdepth=None if deep else 1)
        for file in files:
            if file.startswith(start):  # else it is itself a file
                yield file.removeprefix(start)

    def exists(self, name: str) -> bool:
        """Whether a file is there."""
        with _reaching(self._url):
            return bool(self._files.exists(self._key(name)))

    def changed(self, name: str) -> datetime:
        """Tell when a file was last written."""
        when: datetime = self._files.modified(self._key(name))
        return when

    def open(self, name: str) -> IO[bytes]:
        """Fetch a file."""
        return io.BytesIO(self.read(name))

    def read(self, name: str) -> bytes:
        """Fetch a file; what this object has just written it knows."""
        for known in (self._waiting, self._last):
            if name in known:
                return known[name]
        content: bytes = self._files.cat_file(self._key(name))
        return content

    def write(self, name: str, content: bytes) -> None:
        """Keep the content of a file until `sync` uploads all of them together."""
        self._waiting[name] = content

    def sync(self) -> None:
        """Upload what waits, many files at the same time."""
        written, self._waiting, self._last = self._waiting, {}, {}
        self.replace(written)
        self._last = written

    def forget(self) -> None:
        """Let go of what waits."""
        self._waiting, self._last = {}, {}

    def replace(self, files: Mapping[str, bytes], durable: bool = False) -> None:
        """Upload files, many at the same time."""
        if files:
            self._files.pipe({self._key(name): content for name, content in files.items()})

    @contextlib.contextmanager
    def whole(self, name: str) -> Iterator[IO[bytes]]:
        """Collect what is written, and upload it at the end."""
        with io.BytesIO() as file:
            yield file
            self.replace({name: file.getvalue()})

    def create(self, name: str, content: bytes) -> None:
        """Upload a file on the condition that there is none.

        Where a cloud does not know the condition, the last of several who try in the same moment succeeds.
        """
        self._files.pipe_file(self._key(name), content, mode="create")
        if self._files.cat_file(self._key(name)) != content:
            raise FileExistsError(self.where(name))

    def renew(self, name: str, content: bytes) -> None:
        """Upload a file again, if it is there."""
        if self.exists(name):
            self.replace({name: content})

    def remove(self, *names: str) -> None:
        """Remove files."""

        def remove(name: str) -> None:
            with contextlib.suppress(FileNotFoundError):
                self._files.rm_file(self._key(name))

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(remove, names))

    def _key(self, name: str) -> str:
        return f"{self._root}/{name}"


def _file_system(url: str) -> tuple[Any, str]:
    """Find fsspec's file system of a URL, and what it calls the URL."""
    from fsspec.core import url_to_fs

    try:
        files, root = url_to_fs(url, use_listings_cache=False)  # others write, too
    except ImportError as error:
        raise ImportError(f"{url!r}: {error}; for s3:// pip install 'neurosweep[s3]'") from error
    except ValueError as error:
        raise ValueError(f"{url!r}: {error}") from error
    return files, root.rstrip("/")


@contextlib.contextmanager
def _reaching(url: str) -> Iterator[None]:
    """Say which URL cannot be reached: each cloud has errors of its own."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{url!r}: {error}") from error
    except Exception as error:
        raise OSError(f"{url!r} cannot be reached: {type(error).__name__}: {error}") from error


def _opened(path: Path, mode: str) -> IO[Any]:
    """Open a file to write it; its folder is made where there is none."""
    try:
        return path.open(mode)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open(mode)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder survive the loss of power, where the file system can promise that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
