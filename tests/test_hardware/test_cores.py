from __future__ import annotations

import os
from pathlib import Path

import pytest

from hardware import cores


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_never_more_than_the_affinity() -> None:
    assert 1 <= cores.usable_cores() <= len(os.sched_getaffinity(0))


def test_the_affinity_of_this_process_counts_not_the_machine() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert cores.usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(("text", "expected"), [("350000 100000\n", 3), ("max 100000\n", 10**6)])
def test_cgroup_v2(tmp_path: Path, text: str, expected: int) -> None:
    root = write(tmp_path, {"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": text})
    assert cores._quota(root) == expected


def test_the_quota_of_a_cgroup_above_counts(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/a/b\n",
        "sys/fs/cgroup/a/cpu.max": "200000 100000",
        "sys/fs/cgroup/a/b/cpu.max": "max 100000",
    }
    assert cores._quota(write(tmp_path, files)) == 2


@pytest.mark.parametrize(("quota", "expected"), [("-1\n", 10**6), ("400000\n", 4)])
def test_cgroup_v1(tmp_path: Path, quota: str, expected: int) -> None:
    files = {
        "proc/self/cgroup": "4:cpu,cpuacct:/job\n3:memory:/job\n",
        "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": quota,
        "sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n",
    }
    assert cores._quota(write(tmp_path, files)) == expected


def test_without_cgroups(tmp_path: Path) -> None:
    assert cores._quota(tmp_path) == 10**6


def test_a_quota_below_one_core_still_leaves_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cores, "_ROOT", write(tmp_path, {"sys/fs/cgroup/cpu.max": "50000 100000"}))
    assert cores.usable_cores() == 1


def test_thread_limits() -> None:
    limits = cores.thread_limits(3)
    assert limits["OMP_NUM_THREADS"] == limits["OPENBLAS_NUM_THREADS"] == "3"
