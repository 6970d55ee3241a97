"""A script that is submitted to a batch system, and the store that it writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cluster.batch.cluster import close_kept
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


@contextmanager
def script_in(folder: Path, site: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in a new folder with the script, and end its jobs on a site at last."""
    close_kept()  # idle jobs of other tests hold the cores
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "script.py").write_text(SCRIPT)
    (folder / "pace").write_text("0.4")
    yield folder
    site.cancel_all()


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
