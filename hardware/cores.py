"""How many cores this process may use, and how a library is told its share of them."""

from __future__ import annotations

import math
import os
from pathlib import Path

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)

_ROOT = Path("/")


def usable_cores() -> int:
    """Return the cores this process may use: the least of its affinity and its cgroup's quota."""
    return max(1, min(len(os.sched_getaffinity(0)), _quota(_ROOT)))


def thread_limits(cores: int) -> dict[str, str]:
    """Return the environment that keeps numerical libraries to `cores` threads per process."""
    return dict.fromkeys(THREAD_VARIABLES, str(cores))


def _quota(root: Path) -> int:
    """Return the whole cores that the cgroups leave, or a number larger than any machine has."""
    quotas = [_v2(folder) for folder in _folders(root, "", "sys/fs/cgroup")]
    quotas += [_v1(folder) for folder in _folders(root, "cpu", "sys/fs/cgroup/cpu")]
    return math.floor(min([1e6, *quotas]))


def _folders(root: Path, controller: str, mount: str) -> list[Path]:
    """Return this process's cgroup and all above it: each may have a quota of its own."""
    folder = root / mount / _membership(root, controller).lstrip("/")
    return [folder, *(up for up in folder.parents if up.is_relative_to(root / mount))]


def _membership(root: Path, controller: str) -> str:
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return ""
    entries = [line.split(":", 2) for line in lines]
    return next((e[2] for e in entries if len(e) == 3 and controller in e[1].split(",")), "")


def _v2(folder: Path) -> float:
    """Read cgroup v2's "cpu.max": a quota and a period, or "max" and a period."""
    return _ratio(_words(folder / "cpu.max"))


def _v1(folder: Path) -> float:
    """Read cgroup v1's quota, which is -1 for none, and its period."""
    return _ratio(_words(folder / "cpu.cfs_quota_us") + _words(folder / "cpu.cfs_period_us"))


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []


def _ratio(words: list[str]) -> float:
    if len(words) != 2 or not words[0].isdigit():
        return math.inf
    return int(words[0]) / int(words[1])
