"""A node whose simulator is broken: named, left, and not gone to again."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from broken_nest import EVERYWHERE, WORDS, break_nest, network, simulate
from slurm_site import until

from cluster.batch.cluster import close_kept
from sweep import parallel_run, slurm
from workers.process import ATTEMPTS

TWO = slurm(jobs=2, cores=2, memory="500MB", walltime="00:10:00", interface="lo")


@pytest.fixture(autouse=True)
def _new_pools(site: Any) -> Iterator[None]:
    close_kept()
    yield
    close_kept()


def test_a_node_whose_simulator_is_broken_is_excluded(
    site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = tmp_path / "tried"
    note = f"open({str(tried)!r}, 'a').write('x')"
    break_nest(tmp_path, monkeypatch, f"os.environ['SLURMD_NODENAME'] == 'n1' and {note}")

    def method(idx: int, net: Any) -> tuple[int, str]:
        while not tried.exists() or len(tried.read_text()) < ATTEMPTS:  # n1 may come later
            time.sleep(0.05)
        return simulate(idx, net), os.environ["SLURMD_NODENAME"]

    with caplog.at_level(logging.WARNING, "sweep.cluster"):
        results = parallel_run(method, number=200, networks=network(), cluster=TWO)
    assert list(results) == [(i, "n2") for i in range(200)]
    (record,) = caplog.records
    assert "left out" in record.getMessage()
    assert "node n1:" in record.getMessage()
    assert WORDS in record.getMessage()

    # Another job was submitted, which must not be placed there; Slurm tells of jobs that have ended too.
    jobs = [job for job in site.details().split("\n\n") if f"JobName={TWO.start()._name}\n" in job]
    assert any("ExcNodeList=n1\n" in job for job in jobs), jobs
    until(lambda: "n1" not in site.nodes())


def test_a_simulator_that_is_broken_on_all_nodes_is_one_error(
    site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_nest(tmp_path, monkeypatch, EVERYWHERE)
    with pytest.raises(RuntimeError, match=rf"(?s)nodes that are left out.*: n[12]: {WORDS}; n[12]: {WORDS}"):
        parallel_run(simulate, number=200, networks=network(), cluster=TWO)
