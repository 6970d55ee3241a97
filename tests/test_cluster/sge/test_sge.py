"""Jobs of a real Grid Engine: the same sweep, and the same faults, as with Slurm."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import psutil
import pytest
from broken_nest import EVERYWHERE, WORDS, break_nest, network, simulate
from faults import NUMBER, Log, disturbed, undisturbed, value
from ports import listening, refuses_strangers
from sge_site import SgeSite
from slurm_site import until

from cluster.batch.cluster import close_kept
from cluster.batch.sge import GridEngine
from sweep import parallel_run, sge

ONE = sge(jobs=1, cores=2, memory="16GB", walltime="00:10:00", interface="lo")


def test_a_job_cancelled_in_mid_task(site: SgeSite, tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    results = disturbed(log, lambda: GridEngine().cancel([log.read()[-1][1]]), ONE, 0.1)
    assert list(results) == undisturbed()
    assert len({line[1] for line in log.read()}) == 2
    assert max(log.times(i) for i in range(NUMBER)) == 1  # Grid Engine tells, and what runs is finished


def test_every_port_asks_for_credentials(site: SgeSite) -> None:
    parallel_run(value, number=2, cluster=ONE)
    pool = ONE.start()
    until(lambda: len(pool.client.nthreads()) == 2)
    folder = str(pool._folder)
    processes = [p for p in psutil.process_iter(["cmdline"]) if folder in (p.info["cmdline"] or [])]
    ports = {*listening([q for p in processes for q in [p, *p.children(recursive=True)]])}
    assert len(ports) == 3  # the scheduler's, and two workers'
    assert all(refuses_strangers(port) for port in ports)


def test_a_simulator_that_is_broken_on_all_nodes_is_one_error(
    site: SgeSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    close_kept()
    break_nest(tmp_path, monkeypatch, EVERYWHERE)
    with (
        caplog.at_level(logging.WARNING, "sweep.cluster"),
        pytest.raises(
            RuntimeError, match=rf"(?s)qsub failed: .*nodes that are left out.*: localhost: {WORDS}"
        ),
    ):
        parallel_run(simulate, number=20, networks=network(), cluster=ONE)
    assert len(caplog.records) == 1
    close_kept()
    until(lambda: not site.jobs())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"partition": "nosuch.q"}, r"qsub failed: .*unknown queue \"nosuch.q\""),
        (
            {"cores": 2, "parallel": "nosuch"},
            r"qsub failed: .*parallel environment \"nosuch\" does not exist",
        ),
        ({"extra": ["-l nosuch=1"]}, r"qsub failed: .*unknown resource \"nosuch\""),
    ],
)
def test_what_qsub_says_is_shown(site: SgeSite, wrong: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {
        "jobs": 1,
        "cores": 1,
        "memory": "1GB",
        "walltime": "00:01:00",
        "interface": "lo",
    }
    with pytest.raises(RuntimeError, match=said):
        parallel_run(value, number=3, cluster=sge(**given | wrong))
