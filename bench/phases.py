"""What a measured program uses to tell the phases of its run. The standard library only."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import cpu


class Phases:
    """The CPU time and wall time of each phase of a program."""

    def __init__(self) -> None:
        self._seconds: dict[str, tuple[float, float]] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a phase, with all processes that work for it."""
        begin, before = time.perf_counter(), cpu.of_tree()
        yield
        wall = time.perf_counter() - begin
        self._seconds[name] = (cpu.of_tree() - before, wall)

    def write(self, file: str | Path, result: Any = None) -> None:
        """Write the times, and a result, for `bench.fresh` to read."""
        Path(file).write_text(json.dumps({"phases": self._seconds, "result": result}))
