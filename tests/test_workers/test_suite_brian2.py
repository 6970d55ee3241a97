from __future__ import annotations

from typing import ClassVar

from workers.simulators.base import Simulator
from workers.simulators.brian2.adapter import Brian2
from workers.testing import SimulatorSuite


class TestInterpreted(SimulatorSuite):
    simulator = "brian2"

    def make(self) -> Simulator:
        return Brian2("numpy")


class Compiled(Brian2):
    """Some of it: the rest gives the same bits, and compiling all takes minutes."""

    models: ClassVar[frozenset[str]] = frozenset({"IF_curr_exp"})
    features: ClassVar[frozenset[str]] = frozenset({"AdditiveSTDP", "Injection", "PoissonInput"})


class TestCompiled(SimulatorSuite):
    simulator = "brian2"

    @property
    def claimed(self) -> type[Simulator]:
        return Compiled

    def make(self) -> Simulator:
        return Compiled()
