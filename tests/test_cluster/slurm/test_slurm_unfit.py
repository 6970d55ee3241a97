"""A node whose simulator is broken: named, left, and not gone to again."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from broken_nest import EVERYWHERE, WORDS, break_nest, network, simulate

from cluster.batch.cluster import close_kept
from sweep import parallel_run, slurm

TWO = slurm(jobs=2, cores=2, memory="500MB", walltime="00:10:00", interface="lo")


@pytest.fixture(autouse=True)
def _new_pools(site: Any) -> Iterator[None]:
    close_kept()
    yield
    close_kept()


def watch(site: Any, excluded: threading.Event) -> None:
    """Wait for a job that must not be placed on n1."""
    end = time.monotonic() + 60
    while "ExcNodeList=n1" not in site.details() and time.monotonic() < end:
        time.sleep(0.1)
    if time.monotonic() < end:
        excluded.set()


def test_a_node_whose_simulator_is_broken_is_excluded(
    site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    break_nest(tmp_path, monkeypatch, "os.environ['SLURMD_NODENAME'] == 'n1'")

    def method(idx: int, net: Any) -> tuple[int, str]:
        return simulate(idx, net), os.environ["SLURMD_NODENAME"]

    excluded = threading.Event()
    threading.Thread(target=watch, args=(site, excluded), daemon=True).start()
    with caplog.at_level(logging.WARNING, "sweep.cluster"):
        results = parallel_run(method, number=200, networks=network(), cluster=TWO)
    assert list(results) == [(i, "n2") for i in range(200)]
    (record,) = caplog.records
    assert "left out" in record.getMessage()
    assert "node n1:" in record.getMessage()
    assert WORDS in record.getMessage()

    assert excluded.wait(10)  # another job was submitted, which waits for another node
    end = time.monotonic() + 30
    while "n1" in site.nodes() and time.monotonic() < end:
        time.sleep(0.1)
    assert "n1" not in site.nodes(), site.states()


def test_a_simulator_that_is_broken_on_all_nodes_is_one_error(
    site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_nest(tmp_path, monkeypatch, EVERYWHERE)
    with pytest.raises(RuntimeError, match=rf"(?s)nodes that are left out.*: n[12]: {WORDS}; n[12]: {WORDS}"):
        parallel_run(simulate, number=200, networks=network(), cluster=TWO)
