"""A store in a cloud is as good as one on a file system."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import xarray as xr
import zarr
from click.testing import CliRunner

import sweep
from sweep import Results, parallel_run
from sweep.commands.check import check as command
from sweep.results.same import same
from sweep.store import lease
from sweep.store.damage import check
from sweep.store.keeping import ChangedSweep
from sweep.store.known import NAMES
from sweep.store.lease import Lease, StoreInUse
from sweep.store.root import WORK, DamagedStore
from workers.folder import folder_at

CLIENT = """
import sys, time
import numpy as np
from sweep import local, parallel_run
from workers import spool

def refuse(*_):
    raise AssertionError("a worker has not left its part in the cloud itself")

spool.write = refuse

def method(idx, net, a):
    time.sleep(0.02)
    return {"a": a, "t": np.full(idx % 5, float(idx))}

parallel_run(method, a=[*range(60)], store=sys.argv[1], seed=1, cluster=local(2), progress=False)
"""


def method(idx: int, net: Any, a: int) -> Any:
    if idx % 8 == 7:
        raise ValueError(f"network {idx}")
    return {"n": idx, "s": f"text {idx}", "t": np.arange(idx % 5) + net.rng.random(), "v": np.full(3, a / 2)}


def run(url: str, number: int = 12, **more: Any) -> Results:
    return parallel_run(
        method,
        a=[*range(number)],
        store=url,
        seed=3,
        cluster="debug",
        on_error="keep",
        progress=False,
        **more,
    )


def values(results: Results) -> list[Any]:
    return [getattr(v, "message", v) for v in results]


@pytest.fixture
def url(bucket: str) -> str:
    return f"{bucket}/of/s.zarr"


@pytest.fixture
def memory() -> str:
    """Give the URL of a store that fsspec keeps in this process."""
    return f"memory://{uuid4().hex}/s.zarr"


def test_a_sweep_as_on_a_file_system(url: str, tmp_path: Path) -> None:
    results, local = run(url), run(str(tmp_path / "s.zarr"))
    assert same(values(results), values(local))
    assert results.store == url
    assert results.dataset.identical(local.dataset)
    assert same(values(sweep.open(url)), values(local))
    tree = xr.open_datatree(url, engine="zarr")
    assert tree["network"].values.tolist() == [*range(12)]
    assert zarr.open_group(url, mode="r")["v"].shape == (12, 3)
    assert check(url) == []
    assert sorted(folder_at(f"{url}/{WORK}").names()) == sorted([*NAMES, "root.z"])
    with pytest.raises(FileNotFoundError, match="holds no results"):
        sweep.open(f"{url}/none")


def test_the_same_call_runs_only_what_is_missing(memory: str) -> None:
    url = memory
    first = run(url, 4)
    again = run(url, 10)
    assert again.dataset.sizes["network"] == 10
    assert same(values(again)[:4], values(first))
    assert zarr.open_group(url, mode="r")["network"][:].tolist() == [*range(10)]
    assert zarr.open_group(url, mode="r")["provenance/call"][:].tolist() == [0] * 4 + [1] * 6
    with pytest.raises(ChangedSweep, match="store='memory://"):
        parallel_run(lambda idx, net, a: a, a=[1], store=url, cluster="debug", progress=False)


def test_damage_is_named_and_repaired(memory: str) -> None:
    url = memory
    whole, folder = values(run(url)), folder_at(url)
    folder.replace({"v/c.0.0": folder.read("v/c.0.0")[:-1]})
    assert [d.file for d in check(url)] == [f"{url}/v/c.0.0"]
    result = CliRunner().invoke(command, [url])
    assert (result.exit_code, f"{url}/v/c.0.0: differs" in result.output) == (1, True)
    assert same(values(run(url)), whole)
    folder.remove("n/c.0")
    with pytest.raises(DamagedStore, match=r"/n/c\.0: is missing"):
        list(sweep.open(url))
    assert same(values(run(url)), whole)
    assert check(url) == []


def test_something_else_is_left_alone(bucket: str) -> None:
    folder_at(bucket).replace({"a/mine": b"1"})
    with pytest.raises(FileExistsError, match=r"s3://.*is no store of a sweep"):
        run(f"{bucket}/a")
    with pytest.raises(FileNotFoundError, match="bucket does not exist"):
        run("s3://no-such-bucket/a")


def test_one_client_at_a_time(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT", 0.05)
    folder = folder_at(url)
    with Lease(folder, "it") as held:
        first = folder.read("lease-1")
        with pytest.raises(StoreInUse, match=f"process {os.getpid()} on"):
            Lease(folder_at(url), "it")
        while folder.read("lease-1") == first:
            time.sleep(0.01)
        held.check()
        folder.replace({"lease-2": b"{}"})
        with pytest.raises(StoreInUse, match="taken for dead"):
            held.check()
        folder.remove("lease-2")
    assert list(folder.names()) == []


def test_a_client_is_killed_and_another_goes_on(url: str) -> None:
    """Its workers leave their parts in the cloud themselves, and a reader looks on."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    with subprocess.Popen([sys.executable, "-c", CLIENT, url], env=environment) as client:
        folder = folder_at(url)
        seen = 0
        while seen < 5:
            assert client.poll() is None
            if folder.exists("zarr.json"):
                seen = int((sweep.open(url)._reader.index >= 0).sum())
        client.kill()
    kept = set(sweep.open(url)._reader.index.tolist())
    assert len(kept) >= seen
    subprocess.run([sys.executable, "-c", CLIENT, url], env=environment, check=True)
    results = sweep.open(url)
    assert sorted(results._reader.index.tolist()) == [*range(60)]
    calls = dict(zip(results._reader.index.tolist(), zarr.open_group(url)["provenance/call"][:], strict=True))
    assert all(calls[i] == 0 for i in kept)
    assert all(r["a"] == i and np.array_equal(r["t"], np.full(i % 5, i)) for i, r in enumerate(results))
    assert check(url) == []
