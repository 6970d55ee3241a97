"""A folder under a URL of a cloud, reached through fsspec."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import IO, Any

from workers.folder.folder import Folder

AT_ONCE = 16


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
