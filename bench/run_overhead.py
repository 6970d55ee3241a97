"""The measured program: networks that do nothing. ``FILE NUMBER PROCESSES [STORE]``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from bench.phases import Phases

phases = Phases()
with phases.phase("imports"):
    from sweep import Izhikevich, Monitor, Network, PoissonPopulation, Population, Projection, parallel_run

file, number, processes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
store = Path(sys.argv[4]) if len(sys.argv) > 4 else None

pop1 = PoissonPopulation(100, rates=10.0)
pop2 = Population(100, Izhikevich)
proj = Projection(pop1, pop2, "exc")
proj.connect_fixed_probability(weights=5.0, probability=0.2)
m = Monitor(pop2, "spike")


def nothing(idx: int, net: Network) -> int:
    return idx


def run(number: int, store: Path | None = None) -> Any:
    return parallel_run(method=nothing, number=number, max_processes=processes, store=store, progress=False)


with phases.phase("ready"):
    run(2 * processes)

with phases.phase("run"):
    results = run(number, store)

with phases.phase("read"):
    wrong = sum(value != place for place, value in enumerate(results))

phases.write(file, wrong)
