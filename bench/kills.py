"""Kills, at random moments, whoever works on a store: ``python -m bench.kills --kills 500``.

A client sweeps into a store; it, one of its workers, or the child process of one is ended with SIGKILL, and
the client is started again where it died, until the sweep is done; then a fresh one begins. A reader opens
the store all the while. Printed are the networks that were lost (stored once, and then no longer), duplicated
(in two rows), torn (of another value than they must have), and how often the reader failed.
"""

from __future__ import annotations

import argparse
import math
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import sweep
from sweep.store.root import WORK

NUMBER = 1000
CLIENT = f"""
import sys, time
import numpy as np
from sweep import local, parallel_run

def method(idx, net, a):
    time.sleep(0.002)
    return {{"a": a, "t": np.full(idx % 50, float(idx)), "s": "x" * (idx % 7)}}

errors = True
while errors:  # the network whose process was ended failed, and is run again
    errors = parallel_run(
        method,
        a=[*range({NUMBER})],
        store=sys.argv[1],
        seed=1,
        cluster=local(2),
        on_error="keep",
        retry="failed",
        progress=False,
    ).errors
"""


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    begin, counts = time.monotonic(), run(arguments.kills, random.Random(arguments.seed))
    print(
        ", ".join(f"{name} {counts[name]}" for name in sorted(counts)), f"in {time.monotonic() - begin:.0f} s"
    )
    for name in ("lost", "duplicated", "torn", "reader failed"):
        print(f"{name}: {counts[name]}")


def run(kills: int, dice: random.Random) -> Counter[str]:
    counts: Counter[str] = Counter()
    while counts["kills"] < kills:
        with tempfile.TemporaryDirectory() as folder:
            _sweep_once(Path(folder) / "s.zarr", kills, dice, counts)
        print(", ".join(f"{name} {counts[name]}" for name in sorted(counts)), file=sys.stderr, flush=True)
    return counts


def _sweep_once(path: Path, kills: int, dice: random.Random, counts: Counter[str]) -> None:
    seen: set[int] = set()
    done = False
    while not done:
        client = subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        moment = math.inf
        while client.poll() is None:
            _look(path, seen, counts)
            if moment == math.inf and _has_begun(client.pid, path):
                moment = time.monotonic() + dice.uniform(0.0, 3.0)
            if time.monotonic() > moment and counts["kills"] < kills:
                counts["kills"] += _kill(client, dice)
                moment = time.monotonic() + dice.uniform(0.05, 1.5)
        words = client.communicate()[1].decode()
        done = client.returncode == 0
        if not done and client.returncode != -9:
            counts["client failed"] += 1
            print(words[-2000:], file=sys.stderr)
    counts["sweeps"] += 1
    _look(path, seen, counts)
    results = sweep.open(path)
    counts["torn"] += sum(not _right(i, results[i]) for i in range(NUMBER))


def _has_begun(pid: int, path: Path) -> bool:
    """Whether a client is about to write the store: before, killing it would show nothing."""
    try:
        return any(f'"pid": {pid},' in lease.read_text() for lease in (path / WORK).glob("lease-*"))
    except OSError:
        return False


def _kill(client: subprocess.Popen[bytes], dice: random.Random) -> int:
    """End the client, or one of all processes that it has started."""
    try:
        below = psutil.Process(client.pid).children(recursive=True)
        victim = psutil.Process(client.pid) if dice.random() < 0.4 or not below else dice.choice(below)
        victim.kill()
    except psutil.NoSuchProcess:
        return 0
    return 1


def _look(path: Path, seen: set[int], counts: Counter[str]) -> None:
    """Read what is there; what was there before must be."""
    if not (path / "zarr.json").exists():
        return
    try:
        results = sweep.open(path)
        reader = results._reader
        index = reader.index[reader.index >= 0].tolist()
        done = reader.index[(reader.index >= 0) & (reader.structure >= 0)].tolist()  # what failed may go
        counts["duplicated"] += len(index) - len(set(index))
        counts["lost"] += len(seen - set(done))
        seen |= set(done)
        for i in done[-3:]:
            counts["torn"] += not _right(i, results[i])
        counts["readings"] += 1
    except Exception as error:
        counts["reader failed"] += 1
        print(f"{type(error).__name__}: {error}", file=sys.stderr)


def _right(i: int, value: Any) -> bool:
    if not isinstance(value, dict):
        print(value, file=sys.stderr)
        return False
    return (
        value["a"] == i and np.array_equal(value["t"], np.full(i % 50, float(i))) and len(value["s"]) == i % 7
    )


if __name__ == "__main__":
    main()
