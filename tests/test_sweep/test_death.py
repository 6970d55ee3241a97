"""A client that dies at any moment loses nothing that was stored or reported, and stores nothing twice."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stored import stored

from sweep import parallel_run
from sweep.results.same import same
from sweep.store import lease
from sweep.store.damage import SPOOL, check
from sweep.store.gather import FromSpool
from sweep.store.root import WORK
from workers import spool

EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "shutil.rmtree"}
NUMBER = 7
STRIDE = int(os.environ.get("SWEEP_DEATH_STRIDE", "41"))  # 1: at every operation, which takes minutes


class Died(BaseException):
    """As of now, nothing on the disk changes any more."""


class Death:
    """Ends all that this process does to the files of a folder, at the operation `at` of it."""

    folder: str | None = None
    at = count = 0

    def look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.folder is None or event not in EVENTS or not str(arguments[0]).startswith(self.folder):
            return
        if event == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
            return
        self.count += 1
        if self.at and self.count >= self.at:
            raise Died

    @contextmanager
    def within(self, folder: Path, at: int) -> Iterator[None]:
        self.folder, self.at, self.count = str(folder), at, 0
        try:
            yield
        finally:
            self.folder = None


death = Death()


@pytest.fixture(autouse=True, scope="module")
def _watched() -> None:
    sys.addaudithook(death.look)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT", 1000.0)


def method(idx: int, net: Any, a: int) -> Any:
    if idx % 5 == 4:
        raise ValueError("as planned")
    return {"n": a, "t": np.full(idx % 3, net.rng.random()), "s": "x" * idx} if idx > 2 else {"n": a}


def run(path: Path, number: int = NUMBER) -> Any:
    results = parallel_run(
        method, a=[*range(number)], store=path, seed=1, cluster="debug", on_error="keep", progress=False
    )
    return [getattr(value, "message", value) for value in results]


def buried(path: Path) -> None:
    """Make the dead client's lease look like that of a process that has ended."""
    for file in (path / WORK).glob("lease-*"):
        file.unlink()


def dies(path: Path, at: int) -> bool:
    """Run until it dies; return whether it did."""
    try:
        with death.within(path, at):
            run(path)
    except BaseException as end:
        if not isinstance(end, Died) and death.count < at:
            raise
        buried(path)
        return True
    return False


def goes_on(path: Path, before: list[int], whole: list[Any]) -> None:
    """Check that a store is as good as if nobody had died."""
    assert set(before) <= set(now := stored(path))
    assert len(now) == len(set(now))
    assert same(run(path), whole)
    assert sorted(stored(path)) == [*range(NUMBER)]
    assert check(path) == []


@pytest.fixture
def whole(tmp_path: Path) -> list[Any]:
    """What a client gets that does not die."""
    return list(run(tmp_path / "whole.zarr"))


def test_at_the_file_operations_of_a_fold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: list[Any]
) -> None:
    base, path = tmp_path / "base.zarr", tmp_path / "s.zarr"
    run(base, 3)
    with monkeypatch.context() as patch:
        patch.setattr(FromSpool, "_flush", lambda self: [])
        with suppress(LookupError):
            run(base)
    assert len(list((base / WORK / SPOOL).glob(f"*{spool.END}"))) > 1
    at, died = 1, True
    while died:
        shutil.copytree(base, path)
        died = dies(path, at)
        goes_on(path, [0, 1, 2], whole)
        shutil.rmtree(path)
        at += STRIDE
    assert at > 100


@pytest.mark.parametrize("start", range(1, 500, 120))
def test_from_the_making_of_a_store_on(tmp_path: Path, whole: list[Any], start: int) -> None:
    path = tmp_path / "s.zarr"
    before: list[int] = []
    for at in (start, start + 31):  # it dies again when it goes on
        if dies(path, at):
            before = [*stored(path), *before]
    goes_on(path, before, whole)
