"""The store: ``python -m bench.store``, in an environment with the extras "test" of this package.

formats   1,000 cells, their spikes and two voltage traces, as neo's pickle, as NIX, and in a store of ours:
          as a neo.Segment, and as the arrays that a monitor gives. Writing ours includes making the store.
networks  10,000 networks of 2,000 spikes; with --large also 1,000,000 networks of 5 numbers. The aim is at
          most .3 ms for each network. "pack" is the worker's share, "store" the client's; "open" includes
          the first value, and "dataset" the labelled table. "resume" is what the same call takes again to
          find that nothing is missing, every byte being read and checked for damage, in CPU time; "extend"
          the same with a tenth more networks, up to where the new ones would be run.
memory    4 networks of 100 MB each, of which the client holds less than 200 MB: while they run, with a store
          and without, and while it reads them.

Times of formats are the best of three. Those for each of many networks are CPU time, which other work on the
machine changes less.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

import sweep
import sweep.results.dataset  # xarray takes a second to import
from bench.tables import show
from sweep.plan import make_plan
from sweep.store.keeping import Asked, Kept, keep_at
from sweep.store.writing import Store
from workers.outcome import Outcome
from workers.part import Part, pack
from workers.values import encode

CELLS = 1000
LOADS = {"1 Hz x 1 s": (1.0, 1000.0), "20 Hz x 10 s": (20.0, 10_000.0)}
TASK = 500
EACH = 20


def formats(folder: Path, nix: bool) -> None:
    """Measure and print how long one network takes to write and read."""
    for load, (rate, duration) in LOADS.items():
        arrays = _arrays(rate, duration)
        segment = _segment(arrays, duration)
        kinds: dict[str, tuple[Callable[[Path], None], Callable[[Path], Any]]] = {
            "neo pickle": (lambda p, s=segment: _pickled(p, s), _unpickled),
            "ours, neo.Segment": (lambda p, s=segment: _stored(p, s), _first),
            "ours, arrays": (lambda p, a=arrays: _stored(p, a), _first),
            f"ours, arrays, each of {EACH}": (lambda p, a=arrays: _stored(p, a, EACH), _all),
        }
        if nix:
            kinds["NIX"] = (lambda p, s=segment: _nix(p, s), _read_nix)
        rows = [_timed(kind, folder, *both) for kind, both in kinds.items()]
        show(f"{CELLS} cells and 2 traces, {load}", ["", "write s", "read s", "MB", "files"], rows)


def _arrays(rate: float, duration: float) -> dict[str, Any]:
    """Make steps of .1 ms, as recorded: spikes in the order of time."""
    rng = np.random.default_rng(1)
    steps = np.sort(rng.integers(1, int(duration * 10), rng.poisson(CELLS * rate * duration / 1000)))
    traces = np.cumsum(rng.normal(0, 0.1, (int(duration * 10), 2)), axis=0) - 65
    return {"spikes": (steps * 0.1, rng.integers(0, CELLS, len(steps))), "v": traces.astype(np.float32)}


def _segment(arrays: dict[str, Any], duration: float) -> Any:
    import neo
    import quantities as pq

    segment = neo.Segment(name="cells")
    times, ranks = arrays["spikes"]
    for rank in range(CELLS):
        segment.spiketrains.append(neo.SpikeTrain(times[ranks == rank], units="ms", t_stop=duration))
    segment.analogsignals.append(neo.AnalogSignal(arrays["v"], units="mV", sampling_period=0.1 * pq.ms))
    return segment


def _timed(
    kind: str, folder: Path, write: Callable[[Path], None], read: Callable[[Path], Any]
) -> Sequence[str]:
    writes, reads = [], []
    for again in range(1 if kind == "NIX" else 3):
        path = folder / f"{kind}{again}"
        writes.append(_seconds(lambda p=path: write(p)))
        reads.append(_seconds(lambda p=path: read(p)))
        size, files = _size(path)
        _removed(path)
    each = EACH if "each" in kind else 1
    return [kind, f"{min(writes) / each:.4f}", f"{min(reads) / each:.4f}", f"{size / each:.2f}", str(files)]


def _seconds(call: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> float:
    begin = clock()
    call()
    return clock() - begin


def _size(path: Path) -> tuple[float, int]:
    files = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    return sum(p.stat().st_size for p in files) / 1e6, len(files)


def _removed(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _pickled(path: Path, segment: Any) -> None:
    import neo

    block = neo.Block()
    block.segments.append(segment)
    neo.io.PickleIO(str(path)).write_block(block)


def _unpickled(path: Path) -> Any:
    import neo

    return neo.io.PickleIO(str(path)).read_block()


def _nix(path: Path, segment: Any) -> None:
    import neo
    from neo.io import NixIO

    block = neo.Block()
    block.segments.append(segment)
    with NixIO(str(path), "ow") as file:
        file.write_block(block)


def _read_nix(path: Path) -> Any:
    from neo.io import NixIO

    with NixIO(str(path), "ro") as file:
        return file.read_all_blocks()


def _stored(path: Path, value: Any, number: int = 1) -> None:
    store = Store.create(path, make_plan(number, seed=1))
    store.append([pack([Outcome(i, encode(value))]) for i in range(number)])


def _first(path: Path) -> Any:
    return sweep.open(path)[0]


def _all(path: Path) -> Any:
    return list(sweep.open(path))


def networks(folder: Path, number: int, kind: str, value: Callable[[int], Any], commit: int) -> Sequence[str]:
    """Measure how long many networks take: `TASK` of them in a part, `commit` in a commit."""
    path = folder / "many.zarr"
    kept = _kept(path, number)
    store = kept.store
    packing = storing = 0.0
    for start in range(0, number, commit):
        values = [value(i) for i in range(start, start + commit)]
        begin = time.process_time()
        parts = [_part(first, values[first - start :]) for first in range(start, start + commit, TASK)]
        packed = time.process_time()
        store.append(parts)
        packing, storing = packing + packed - begin, storing + time.process_time() - packed
    kept.close()
    sizes = number, number + number // 10
    resuming = [_seconds(lambda n=n: _kept(path, n).close(), time.process_time) for n in sizes]
    opening = _seconds(lambda: _first(path))
    table = _seconds(lambda: sweep.open(path).dataset)
    size, files = _size(path)
    _removed(path)
    shares = [f"{1000 * s / number:.4f}" for s in (packing, storing, packing + storing)]
    taken = [f"{s:.3f}" for s in (opening, table, *resuming)]
    return [f"{number} x {kind}", *shares, *taken, f"{size:.1f}", str(files)]


def _method(idx: int, net: Any, a: float) -> None:
    """Stand for a method: none is called here."""


def _kept(path: Path, number: int) -> Kept:
    """Open a store as `parallel_run` does, or make it."""
    plan = make_plan(args={"a": np.arange(number) * 0.5}, seed=1)
    return keep_at(path, plan, Asked(_method, (), ("nest",), 1))


def _part(first: int, values: Sequence[Any]) -> Part:
    return pack([Outcome(i, encode(v)) for i, v in enumerate(values[:TASK], first)])


def _spikes(i: int) -> Any:
    rng = np.random.default_rng(i)
    return np.sort(rng.integers(1, 10_000, 2000)) * 0.1, rng.integers(0, 100, 2000)


def _numbers(i: int) -> Any:
    return {
        "rate": math.sin(i),
        "cv": math.cos(i),
        "count": i % 977,
        "mean": -60 + math.sin(3 * i),
        "on": i % 3 > 0,
    }


def memory(folder: Path, mb: int) -> Sequence[str]:
    """Measure how much memory the client needs for 4 large results, in a fresh process for each step."""
    found = [f"4 x {mb} MB"]
    for step in (_sweep_unkept, _sweep_large, _read_large, _reduce_large):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            found.append(f"{pool.submit(step, folder / 'large.zarr', mb).result():.0f}")
    return found


def _sweep_unkept(path: Path, mb: int) -> float:
    return _sweep_large(None, mb)


def _sweep_large(path: Path | None, mb: int) -> float:
    def method(idx: int, net: Any, mb: int) -> Any:
        return np.random.default_rng(idx).normal(size=(mb * 125, 1000))

    sweep.parallel_run(lambda idx, net: idx, number=2)  # all is imported, and the workers are there
    before = _peak()
    sweep.parallel_run(method, number=4, mb=mb, store=path)
    return _peak() - before


def _read_large(path: Path, mb: int) -> float:
    results = sweep.open(path)
    before = _peak()
    for i in range(len(results)):
        results[i].sum()
    return _peak() - before


def _reduce_large(path: Path, mb: int) -> float:
    data = sweep.open(path).dataset
    before = _peak()
    data.result.sum().compute()
    return _peak() - before


def _peak() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main() -> None:
    """Run the benchmarks that the command line asks for."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m bench.store", description=__doc__, formatter_class=raw)
    parser.add_argument("which", nargs="?", choices=["formats", "networks", "memory", "all"], default="all")
    parser.add_argument("--large", action="store_true", help="also 1,000,000 networks")
    parser.add_argument("--no-nix", action="store_true", help="leave out NIX, which takes a minute")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        _run(arguments, Path(scratch))


def _run(arguments: argparse.Namespace, folder: Path) -> None:
    which = arguments.which
    if which in ("memory", "all"):
        heads = ["MB more in the client", "running, no store", "running", "read one by one", ".dataset"]
        show("Results larger than memory", heads, [memory(folder, 100)])
    if which in ("formats", "all"):
        formats(folder, not arguments.no_nix)
    if which in ("networks", "all"):
        rows = [networks(folder, 10_000, "2,000 spikes", _spikes, 1000)]
        if arguments.large:
            print("1,000,000 networks take a minute", file=sys.stderr)
            rows.append(networks(folder, 1_000_000, "5 numbers", _numbers, 10_000))
        heads = ["networks", "pack ms", "store ms", "both ms"]
        heads += ["open s", "dataset s", "resume CPU s", "extend CPU s", "MB", "files"]
        show("Many networks, CPU ms for each", heads, rows)


if __name__ == "__main__":
    main()
