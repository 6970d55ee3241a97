"""Workers that cannot run a sweep: they are left out and named, and the others run all of it."""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from broken_nest import EVERYWHERE, FIRST_WORKER, WORDS, break_nest, network, simulate

from cluster.local import LocalPool
from sweep import local, parallel_run


def new_pool(monkeypatch: pytest.MonkeyPatch) -> LocalPool:
    pool = LocalPool(2)
    monkeypatch.setattr(sys.modules[LocalPool.__module__], "_kept", pool)
    return pool


@pytest.mark.parametrize("whose", ["ours", "a client's"])
def test_a_worker_whose_simulator_is_broken_is_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, whose: str
) -> None:
    break_nest(tmp_path, monkeypatch, FIRST_WORKER)
    pool = new_pool(monkeypatch)
    cluster: Any = local(2) if whose == "ours" else pool.client

    def method(idx: int, net: Any) -> tuple[int, int]:
        return simulate(idx, net), os.getppid()

    with caplog.at_level(logging.WARNING, "sweep.cluster"):
        results = parallel_run(method, number=30, networks=network(), cluster=cluster)
    pids = {pid for _, pid in results}
    assert [idx for idx, _ in results] == list(range(30))
    assert len(pids) == 1
    assert str(pids.pop()) != (tmp_path / "first").read_text()
    (record,) = caplog.records
    for words in ("left out", socket.gethostname(), WORDS):
        assert words in record.getMessage()

    # It can run other sweeps.
    again = parallel_run(lambda idx, net: (time.sleep(0.05), os.getppid())[1], number=30, cluster=cluster)
    assert len(set(again)) == 2
    pool.close()


def test_a_simulator_that_is_broken_everywhere_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_nest(tmp_path, monkeypatch, EVERYWHERE)
    pool = new_pool(monkeypatch)
    with pytest.raises(RuntimeError, match=rf"(?s)no worker can run these networks; .*{WORDS}"):
        parallel_run(simulate, number=30, networks=network(), cluster=local(2))
    (tmp_path / "nest.py").unlink()  # mended, in the same session
    assert len(parallel_run(simulate, number=4, networks=network(), cluster=local(2))) == 4
    pool.close()
