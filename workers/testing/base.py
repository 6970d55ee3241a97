"""What an adapter says of itself to be tested."""

from __future__ import annotations

from math import inf
from typing import ClassVar

import numpy as np
import pytest

from workers.instance import Cells, Floats, Instance, Spikes
from workers.simulators import adapter
from workers.simulators.base import Simulator
from workers.testing import networks, reference
from workers.testing.networks import Recorded


class Tested:
    """See `workers.testing.SimulatorSuite`."""

    simulator: ClassVar[str]
    v_tolerance: ClassVar[dict[str, float]] = {}
    spike_tolerance: ClassVar[dict[str, int]] = {}

    def make(self) -> Simulator:
        """Return a simulator that holds no network."""
        return adapter(self.simulator)()

    @property
    def claimed(self) -> type[Simulator]:
        """The adapter's class, which says what it has."""
        return adapter(self.simulator)

    def needs(self, *names: str) -> None:
        """Skip a test of a model or a feature that the adapter does not claim."""
        for name in names:
            if name not in self.claimed.models | self.claimed.features:
                pytest.skip(f"simulator {self.simulator!r} does not claim {name}")

    def built(self, instance: Instance) -> Simulator:
        """Return a simulator that holds this network; skip where it says that its steps are too long."""
        for population in instance.populations:
            model = population.model if isinstance(population, Cells) else ""
            if instance.dt > self.claimed.longest.get(model, inf) * (1 + 1e-9):
                pytest.skip(
                    f"simulator {self.simulator!r} does not take {model} with a dt of {instance.dt:g} ms"
                )
        simulator = self.make()
        simulator.build(instance)
        return simulator

    def run(self, instance: Instance, stimulus: Spikes | None = None, *ends: int) -> Recorded:
        """Build and run a network in parts that end at these steps."""
        return networks.recorded(self.built(instance), instance, stimulus or Spikes.none(), ends)

    def tolerance(self, model: str) -> float:
        """Return the error in mV that is allowed of v where nothing fires."""
        default = 1e-8 if "curr" in model or model == "Izhikevich" else 5e-3
        return self.v_tolerance.get(model, default)

    def steps_off(self, model: str) -> int:
        """Return by how many steps a spike may be early or late."""
        return self.spike_tolerance.get(model, 0 if self.tolerance(model) < 1e-6 else 1)

    def assert_course(self, model: str, found: Floats, expected: reference.Course) -> None:
        """Compare v, of shape (steps, neurons), in which nothing fires."""
        assert not expected.spikes.steps.size, "the test is wrong: the reference fires"
        np.testing.assert_allclose(found, expected.values["v"], rtol=0, atol=self.tolerance(model))

    def assert_spikes(self, model: str, found: Spikes, expected: Spikes) -> None:
        """Compare the spike trains of a population."""
        off = self.steps_off(model)
        for rank in np.union1d(found.ranks, expected.ranks):
            one, other = (s.steps[s.ranks == rank] for s in (found, expected))
            assert len(one) == len(other), f"neuron {rank} fires at {one}, expected {other}"
            late = np.abs(one - other) - off * (1 + np.arange(len(one)))  # each spike follows from the last
            assert late.max(initial=0) <= 0, f"neuron {rank} fires at {one}, not {other}"
