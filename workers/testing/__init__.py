"""The suite that every simulator passes, ours or another package's. Needs pytest."""

import pytest

for _module in ("base", "cells", "inputs", "learning", "networks", "runs", "synapses"):
    pytest.register_assert_rewrite(f"workers.testing.{_module}")

from workers.testing.cells import CellTests  # noqa: E402
from workers.testing.inputs import InputTests  # noqa: E402
from workers.testing.learning import LearningTests  # noqa: E402
from workers.testing.runs import RunTests  # noqa: E402
from workers.testing.synapses import SynapseTests  # noqa: E402


class SimulatorSuite(CellTests, SynapseTests, RunTests, LearningTests, InputTests):
    """Tests of one adapter, whole. Subclass it in a test module::

        class TestNest(SimulatorSuite):
            simulator = "nest"

    Attributes
    ----------
    simulator : str
        The name under which the adapter is registered.
    v_tolerance : dict of str to float
        By model, the error in mV that is allowed of v where nothing fires. 1e-8 for what can be integrated
        exactly and for Izhikevich's Euler steps, 5e-3 for the others, if not given. Say the reason.
    spike_tolerance : dict of str to int
        By model, by how many steps a spike may be early or late of the one before: 0 where v is
        exact, else 1.

    `make` returns a new simulator; override it for one with arguments, or one that runs in a process of its
    own. Models and features that the adapter does not claim are skipped, with the reason.
    """


__all__ = ["SimulatorSuite"]
