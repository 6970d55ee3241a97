"""A script that is submitted to a batch system, and the store that it writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xarray as xr
from click.testing import CliRunner

from sweep import parallel_run
from sweep.cli import main

SCRIPT = """
import sys, time
from pathlib import Path
from sweep import parallel_run

def method(idx, net):
    time.sleep(float(Path("pace").read_text()))
    return idx, float(net.rng.random())

parallel_run(method, number=int(sys.argv[1]), seed=4, store="s.zarr")
print("the end")
"""


def call(*arguments: str) -> str:
    done = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def submit(cluster: str, *command: str) -> str:
    Path("cluster.toml").write_text(cluster)
    return call("submit", command[0], "--cluster", "cluster.toml", *command[1:])


def logs() -> str:
    return "\n".join(f"{file}: {file.read_text()}" for file in sorted(Path().glob("*-*.log")))


def undisturbed(number: int) -> list[Any]:
    return list(
        parallel_run(lambda idx, net: (idx, float(net.rng.random())), number, seed=4, cluster="debug")
    )


def stored() -> list[int]:
    """Return the networks that are stored, in the order in which they came."""
    if not Path("s.zarr/zarr.json").exists():
        return []
    indices: list[int] = xr.open_dataset("s.zarr", engine="zarr").network.values.tolist()
    return indices
