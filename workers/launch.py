"""How this project's own programs are started: by command line, importing nothing of the person's."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
# What glibc arrives at by itself, but late: until then the arrays of each task come from the system, page by
# page, and go back to it.
_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(64 << 20)}


def command(module: str, *arguments: str) -> list[str]:
    """Return the command line that runs one of our modules as a program."""
    # -P: a workers.py in the working directory must not take the place of ours.
    return [sys.executable, "-P", "-m", module, *arguments]


def environment(extra: dict[str, str]) -> dict[str, str]:
    """Return this process's environment, with `extra`, in which our packages are found."""
    root = str(Path(__file__).resolve().parents[1])
    paths = [root, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    # PYTHONPATH comes before the standard library, where a site-packages folder must not be.
    found = dict.fromkeys(p for p in paths if p and Path(p).name not in ("site-packages", "dist-packages"))
    return {**_MEMORY, **os.environ, "PYTHONPATH": os.pathsep.join(found), **extra}


def die_with_parent(parent: int, how: signal.Signals = signal.SIGKILL) -> None:
    """Have Linux send this process a signal when the thread that started it ends.

    Parameters
    ----------
    parent : int
        The process id of the parent, which may have ended already.
    how : signal.Signals
        The signal.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(how), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), how)
