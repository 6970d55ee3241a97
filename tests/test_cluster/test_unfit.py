"""Workers that cannot run a sweep: they are left out and named, and the others run all of it."""

from __future__ import annotations

import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cluster.local import LocalPool
from sweep import IF_curr_exp, Network, Population, local, parallel_run

BROKEN = """
import os, sys
folder = os.path.dirname(__file__)
try:
    with open(folder + "/first", "x") as file:
        file.write(str(os.getppid()))
except FileExistsError:
    pass
if {everywhere} or open(folder + "/first").read() == str(os.getppid()):
    raise ImportError("libgsl.so.27: cannot open shared object file")
sys.path.remove(folder)
del sys.modules["nest"]
import nest
"""


def nest_breaks(folder: Path, monkeypatch: pytest.MonkeyPatch, everywhere: bool) -> None:
    """Break NEST for all workers that start from now on, or for the first that imports it."""
    (folder / "nest.py").write_text(BROKEN.format(everywhere=everywhere))
    monkeypatch.setenv("PYTHONPATH", str(folder))


def network() -> Network:
    with Network() as net:
        Population(2, IF_curr_exp)
    return net


def worker(idx: int, net: Any) -> tuple[int, int]:
    time.sleep(0.05)
    net.simulate(1.0)
    return idx, os.getppid()


@pytest.mark.parametrize("whose", ["ours", "a client's"])
def test_a_worker_whose_simulator_is_broken_is_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, whose: str
) -> None:
    nest_breaks(tmp_path, monkeypatch, everywhere=False)
    pool = LocalPool(2)
    monkeypatch.setattr(sys.modules[LocalPool.__module__], "_kept", pool)
    cluster: Any = local(2) if whose == "ours" else pool.client
    with caplog.at_level(logging.WARNING, "sweep.cluster"):
        results = parallel_run(worker, number=30, networks=network(), cluster=cluster)
    pids = {pid for _, pid in results}
    assert [idx for idx, _ in results] == list(range(30))
    assert len(pids) == 1
    assert str(pids.pop()) != (tmp_path / "first").read_text()
    (record,) = caplog.records
    assert "left out" in record.getMessage()
    assert os.uname().nodename in record.getMessage()
    assert "ImportError: libgsl.so.27" in record.getMessage()

    # It can run other sweeps.
    again = parallel_run(lambda idx, net: (time.sleep(0.05), os.getppid())[1], number=30, cluster=cluster)
    assert len(set(again)) == 2
    pool.close()


def test_a_simulator_that_is_broken_everywhere_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nest_breaks(tmp_path, monkeypatch, everywhere=True)
    pool = LocalPool(2)
    monkeypatch.setattr(sys.modules[LocalPool.__module__], "_kept", pool)
    with pytest.raises(RuntimeError, match=r"(?s)no worker can run these networks; .*ImportError: libgsl"):
        parallel_run(worker, number=30, networks=network(), cluster=local(2))
    (tmp_path / "nest.py").unlink()  # mended, in the same session
    assert len(parallel_run(worker, number=4, networks=network(), cluster=local(2))) == 4
    pool.close()
