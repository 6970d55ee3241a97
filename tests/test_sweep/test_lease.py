from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from slurm_site import until

from sweep.store import lease
from sweep.store.lease import Lease, StoreInUse
from workers.folder import LocalFolder


def test_one_at_a_time(tmp_path: Path) -> None:
    with (
        Lease(LocalFolder(tmp_path), "store 'a.zarr'"),
        pytest.raises(StoreInUse, match=f"'a.zarr' is being written.*process {os.getpid()} on .*since 20"),
    ):
        Lease(LocalFolder(tmp_path), "store 'a.zarr'")
    assert not list(tmp_path.iterdir())
    with Lease(LocalFolder(tmp_path), "it") as held:
        held.check()


def test_after_its_holder_was_killed_another_takes_it_at_once(tmp_path: Path) -> None:
    code = (
        f"import os; from sweep.store.lease import *; from workers.folder import *; "
        f"Lease(folder_at({str(tmp_path)!r}), ''); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert [p.name for p in tmp_path.iterdir()] == ["lease-1"]
    with Lease(LocalFolder(tmp_path), "it", patience=1e9) as held:
        held.check()
        assert [p.name for p in tmp_path.iterdir()] == ["lease-2"]


def elsewhere(folder: Path, beat: int) -> None:
    about = {"machine": "another", "pid": 1, "started": "5", "host": "node7", "since": "noon", "beat": beat}
    LocalFolder(folder).replace({"lease-4": json.dumps(about).encode()})


def test_a_holder_on_another_machine_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT", 0.1)  # it looks as often
    elsewhere(tmp_path, 0)
    over = threading.Event()

    def beat() -> None:
        for number in itertools.count():
            if over.wait(0.05):
                return
            elsewhere(tmp_path, number)

    beating = threading.Thread(target=beat)
    beating.start()
    try:
        with pytest.raises(StoreInUse, match="process 1 on node7, since noon"):
            Lease(LocalFolder(tmp_path), "it")
    finally:
        over.set()
        beating.join()
    with Lease(LocalFolder(tmp_path), "it", patience=0.4) as held:
        held.check()
        assert [p.name for p in tmp_path.iterdir()] == ["lease-5"]


def test_who_was_taken_for_dead_notices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT", 0.05)
    with Lease(LocalFolder(tmp_path), "it") as held:
        first = (tmp_path / "lease-1").read_bytes()
        until(lambda: (tmp_path / "lease-1").read_bytes() != first)
        elsewhere(tmp_path, 1)
        with pytest.raises(StoreInUse, match="taken for dead"):
            held.check()


def test_of_many_at_once_at_most_one_has_it(tmp_path: Path) -> None:
    (tmp_path / "lease-3").write_text("")
    held: list[Lease] = []
    barrier = threading.Barrier(8)

    def take() -> None:
        barrier.wait()
        with contextlib.suppress(StoreInUse):
            held.append(Lease(LocalFolder(tmp_path), "it", patience=0.1))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(held) <= 1
    for one in held:
        one.check()
        one.release()
