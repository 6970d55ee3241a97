from __future__ import annotations

from workers.testing import SimulatorSuite


class TestNest(SimulatorSuite):
    simulator = "nest"
