"""The person's own modules, which are edited between one sweep and the next, while workers stay."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOMS = ("sweep", "cluster", "workers", "hardware")
OURS = Path(__file__).parents[1]
PACKAGES = ("site-packages", "dist-packages")


def is_installed(module: str | None) -> bool:
    """Whether a module came with Python or a package, whose version is another matter."""
    top = (module or "").partition(".")[0]
    if top in sys.stdlib_module_names and top != "__main__":
        return True
    file = getattr(sys.modules.get(module or ""), "__file__", None)
    return file is not None and _is_of_a_package(file)


@cache
def _is_of_a_package(file: str) -> bool:
    """Whether a file is of an installed package, or ours; cached, for a process has thousands of modules."""
    path = Path(file)
    return any(p in PACKAGES for p in path.parts) or any(path.is_relative_to(OURS / room) for room in ROOMS)


def versions() -> str:
    """Return a digest of the person's modules of this process, and of when their files were written."""
    return hashlib.blake2b(repr(sorted(_own(list(sys.modules)))).encode(), digest_size=8).hexdigest()


class Imported:
    """The person's modules that a process has imported, and when their files had been written."""

    def __init__(self) -> None:
        self._looked_at: set[str] = set()
        self._written: dict[str, float] = {}

    def note(self) -> None:
        """Take note of what was imported since the last time."""
        new = sys.modules.keys() - self._looked_at
        self._looked_at |= new
        self._written.update(_own(new))

    def forget_edited(self) -> None:
        """Have the person's modules imported anew if any of them has been edited: they know each other."""
        if dict(_own(self._written)) == self._written:
            return
        for name in self._written:
            sys.modules.pop(name, None)
        self._looked_at -= self._written.keys()
        self._written.clear()


def _own(names: Iterable[str]) -> Iterator[tuple[str, float]]:
    """Find those of some modules that are the person's, and when their files were written."""
    for name in names:
        file = getattr(sys.modules.get(name), "__file__", None)
        if name != "__main__" and file and file.endswith(".py") and not is_installed(name):
            try:
                yield name, Path(file).stat().st_mtime
            except OSError:  # another machine, or a file that is gone
                continue
