"""Where code that simulators compile is kept, so that it is compiled once for all processes and days."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cache() -> Path:
    """Return the folder of all compiled code."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "neurosweep"


def make_writable(folder: Path, purpose: str) -> None:
    """Make a folder in the cache.

    Raises
    ------
    RuntimeError
        If it cannot be written; `purpose` says what was to be done there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise RuntimeError(
            f"{purpose} into {folder}, which cannot be written ({error}); "
            "set XDG_CACHE_HOME to a folder that can"
        ) from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes out that lock the same file; they wait."""
    import fcntl  # not on Windows, on which this module can still be imported

    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
