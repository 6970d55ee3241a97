"""The suite that every simulator passes, ours or another package's. Needs pytest."""

import pytest

for _module in (
    "base",
    "cells",
    "claims",
    "equations",
    "inputs",
    "learning",
    "networks",
    "runs",
    "synapses",
    "trials",
):
    pytest.register_assert_rewrite(f"workers.testing.{_module}")

from workers.testing.cells import CellTests  # noqa: E402
from workers.testing.claims import ClaimTests  # noqa: E402
from workers.testing.equations import EquationTests  # noqa: E402
from workers.testing.inputs import InputTests  # noqa: E402
from workers.testing.learning import LearningTests  # noqa: E402
from workers.testing.runs import RunTests  # noqa: E402
from workers.testing.synapses import SynapseTests  # noqa: E402
from workers.testing.trials import TrialTests  # noqa: E402


class SimulatorSuite(
    ClaimTests, CellTests, SynapseTests, RunTests, LearningTests, EquationTests, InputTests, TrialTests
):
    """Tests of one adapter, whole. Subclass it in a test module::

        class TestNest(SimulatorSuite):
            simulator = "nest"

    Neurons are held against the equations of the description, integrated by `workers.testing.reference`:
    every parameter and state at its neuron, responses to single spikes, spikes under a current, recorded
    variables; weights, delays and receptors; STP, STDP and injected currents against their equations,
    synapses in equations against those;
    background by its statistics. Runs must give the same bits however they are divided, and in a network
    that is built again; after a reset, noise is drawn anew from the keys of that trial. Models and features
    that the adapter does not claim are skipped, with the reason.

    Attributes
    ----------
    simulator : str
        The name under which the adapter is registered.
    v_tolerance : dict of str to float
        By model, the error in mV that is allowed of v where nothing fires. If not given it is 1e-8 for what
        can be integrated exactly and for Izhikevich's Euler steps, and 5e-3 for the others. Say the reason.
    spike_tolerance : dict of str to int
        By model, by how many steps a spike may be early or late, counted from the one before. If not given
        it is 0 where v is exact, else 1.

    Methods that may be overridden:

    make
        Returns a new simulator: for one with arguments, or one that runs in a process of its own.
    claimed
        The class that says which models and features there are; the registered adapter's if not overridden.
    """


__all__ = ["SimulatorSuite"]
