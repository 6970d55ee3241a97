"""CPU time of a process and of all that it has started, the living and the dead. Linux only."""

from __future__ import annotations

import ctypes
import os
import resource
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_TICK = 1.0 / os.sysconf("SC_CLK_TCK")
PATIENCE = 30.0


def of_tree() -> float:
    """Return the CPU time so far of this process and of everything below it, in seconds.

    Of living processes it is that of their CPU clocks, in nanoseconds and with all their threads; of those
    that they have waited for, what the kernel adds up, in ticks (10 ms).
    """
    return time.process_time() + of_waited_for() + sum(_of_process(p) for p in _below(os.getpid()))


def of_each_below() -> list[tuple[str, float]]:
    """Return the command line and the CPU time of each living process below this one, in seconds."""
    return [(Path(f"/proc/{p}/cmdline").read_text(), _of_process(p)) for p in _below(os.getpid())]


def of_waited_for() -> float:
    """Return the CPU time of all children that have ended and were waited for, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def adopt_orphans() -> None:
    """Become the parent of any descendant whose own parent ends first, so that its time is not lost."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER) failed")


def await_orphans() -> None:
    """Wait for all children, the adopted ones too.

    Raises
    ------
    RuntimeError
        If one of them does not end.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            time.sleep(0.01)
    raise RuntimeError(f"processes left behind by a benchmark still run: {_below(os.getpid())}")


def _of_process(pid: int) -> float:
    try:
        alive = time.clock_gettime((~pid << 3) | 2)  # what clock_getcpuclockid(3) computes on Linux
        waited_for = _stat(pid)[13:15]
    except OSError:  # it has ended: its parent has its time now, or will at the next look
        return 0.0
    return alive + sum(map(int, waited_for)) * _TICK


def _below(root: int) -> list[int]:
    """Return the process ids of all descendants."""
    children: dict[int, list[int]] = {}
    for pid in (int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()):
        try:
            children.setdefault(int(_stat(pid)[1]), []).append(pid)
        except OSError:
            continue
    found, new = [], children.get(root, [])
    while new:
        found += new
        new = [child for pid in new for child in children.get(pid, [])]
    return found


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the third, the state, on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
