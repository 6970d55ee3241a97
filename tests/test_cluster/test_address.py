"""A Dask cluster of somebody else, by its address: with TLS, and as it comes and goes."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import pytest
from slurm_site import free_ports, until
from stored import stored

import sweep
from cluster.credentials import Credentials
from cluster.host import LOOPBACK
from cluster.keeper import Keeper
from sweep import parallel_run
from workers.launch import command, environment

NUMBER = 60


def value(idx: int, net: Any) -> tuple[int, float]:
    return idx, float(net.rng.random())


def slow(idx: int, net: Any) -> tuple[int, float]:
    time.sleep(0.05)
    return idx, float(net.rng.random())


class Strangers:
    """A scheduler, and workers that are started when they are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.environment = environment(Credentials.made(folder).environment())
        self.keeper = Keeper(0, folder, self.environment, LOOPBACK)
        self.keeper.start()
        self.address = self.keeper.address.result(60)
        self.workers: list[subprocess.Popen[str]] = []

    def start_worker(self) -> None:
        role = command("cluster.node", "worker", str(os.getpid()), str(self.folder), "theirs")
        worker = subprocess.Popen(role, env=self.environment, stdin=subprocess.PIPE, text=True)
        assert worker.stdin is not None
        with worker.stdin as stream:
            stream.write(self.address + "\n")
        self.workers.append(worker)

    def configuration(self) -> dict[str, str]:
        names = {"ca-file": "certificate.pem", "client.key": "key.pem", "client.cert": "certificate.pem"}
        return {f"distributed.comm.tls.{name}": str(self.folder / file) for name, file in names.items()}


@contextlib.contextmanager
def strangers(folder: Path) -> Iterator[Strangers]:
    made = Strangers(folder)
    try:
        with dask.config.set(made.configuration()):
            yield made
    finally:
        made.keeper.stop()
        for worker in made.workers:
            worker.kill()
            worker.wait()


def test_the_scheduler_dies_and_the_script_goes_on_with_another(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected = list(parallel_run(value, NUMBER, seed=4, cluster="debug"))
    store = tmp_path / "s.zarr"
    with strangers(tmp_path / "one") as one:
        one.start_worker()

        def stop() -> None:
            until(lambda: len(stored(store)) >= 5)
            one.keeper.stop()

        thread = threading.Thread(target=stop)
        thread.start()
        with pytest.raises(RuntimeError, match=f"connection to the scheduler at {one.address} was lost"):
            parallel_run(slow, NUMBER, seed=4, cluster=one.address, store=store)
        thread.join()
    assert not sweep.open(store).errors
    assert 5 <= len(stored(store)) < NUMBER

    caplog.clear()
    with strangers(tmp_path / "two") as two, caplog.at_level(logging.WARNING, "sweep.cluster"):
        # An adaptive cluster has no worker before there is something to do.
        until_warned = threading.Thread(
            target=lambda: (until(lambda: "no worker" in caplog.text), two.start_worker())
        )
        until_warned.start()
        assert list(parallel_run(slow, NUMBER, seed=4, cluster=two.address, store=store)) == expected
        until_warned.join()
    assert (
        caplog.records[-1].getMessage()
        == f"the cluster at {two.address} has no worker; waiting for the first"
    )


def test_credentials_of_another_cluster_are_of_no_use(tmp_path: Path) -> None:
    with strangers(tmp_path / "one") as one:
        (tmp_path / "two").mkdir()
        Credentials.made(tmp_path / "two")
        theirs = {k: v.replace("/one/", "/two/") for k, v in one.configuration().items()}
        with (
            dask.config.set(theirs),
            pytest.raises(RuntimeError, match=f"at {one.address} cannot be reached: TLS certificate"),
        ):
            parallel_run(value, NUMBER, cluster=one.address)


OLDER = """
from importlib import metadata
version = metadata.version
metadata.version = lambda name: "0.0.9" if name == "neurosweep" else version(name)
"""


def test_workers_with_another_version_are_refused(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(OLDER)
    with strangers(tmp_path / "one") as one:
        one.environment["PYTHONPATH"] += f":{tmp_path}"
        one.start_worker()
        with pytest.raises(RuntimeError, match=r"tls://\S+: neurosweep is 0\.0\.9 there, and \S+ here"):
            parallel_run(value, NUMBER, cluster=one.address)


@pytest.mark.parametrize(
    ("address", "error", "message"),
    [
        ("tls://host", ValueError, "expected an address with its port"),
        ("tls://host:8786", ValueError, "needs credentials; name the files in Dask's configuration"),
        ("tcp://127.0.0.1:{}", RuntimeError, "cannot be reached: .*refused"),
        ("http://host:8786", RuntimeError, "cannot be reached: unknown address scheme 'http'"),
    ],
)
def test_what_cannot_be_reached(address: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        parallel_run(value, NUMBER, cluster=address.format(*free_ports(1)))
