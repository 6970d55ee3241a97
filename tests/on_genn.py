"""GeNN's CPU backend, on which the tests run it."""

from __future__ import annotations

from workers.instance import Instance
from workers.simulators.genn.adapter import Genn


def built(network: Instance) -> Genn:
    simulator = Genn("single_threaded_cpu")
    simulator.build(network)
    return simulator
