"""A NEST that breaks when it is imported, where it should."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from sweep import IF_curr_exp, Network, Population

FIRST_WORKER = "claimed() == str(os.getppid())"
EVERYWHERE = "True"
WORDS = "ImportError: libgsl.so.27: cannot open shared object file"
MODULE = """
import os, sys
folder = os.path.dirname(__file__)

def claimed():
    try:
        with open(folder + "/first", "x") as file:
            file.write(str(os.getppid()))
    except FileExistsError:
        pass
    with open(folder + "/first") as file:
        return file.read()

if {where}:
    raise ImportError("libgsl.so.27: cannot open shared object file")
sys.path.remove(folder)
del sys.modules["nest"]
import nest
"""


def break_nest(folder: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Break NEST for workers that start from now on, where an expression holds."""
    (folder / "nest.py").write_text(MODULE.format(where=where))
    monkeypatch.setenv("PYTHONPATH", str(folder))


def network() -> Network:
    with Network() as net:
        Population(2, IF_curr_exp)
    return net


def simulate(idx: int, net: Any) -> int:
    time.sleep(0.05)
    net.simulate(1.0)
    return idx
