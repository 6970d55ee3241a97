"""What all tests share: an empty base network, and the page's network."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from hypothesis import settings

from sweep import Izhikevich, Monitor, PoissonPopulation, Population, Projection, clear

# What decides whether a change lands must not depend on chance; elsewhere every run looks further.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("SWEEP_CI"):
    settings.load_profile("ci")

REQUIRED_IN_CI = {"nest", "brian2", "neuron", "mpi4py"}
PROGRAMS_IN_CI = {"slurmctld", "slurmd", "sbatch", "munged"}


@pytest.fixture(autouse=True)
def _empty_base_network() -> Iterator[None]:
    clear()
    yield
    clear()


@pytest.fixture
def page() -> SimpleNamespace:
    """The network of ANNarchy's documentation, made at module level there."""
    inputs = PoissonPopulation(100, rates=10.0)
    cells = Population(100, Izhikevich)
    synapses = Projection(inputs, cells, "exc")
    synapses.connect_fixed_probability(weights=5.0, probability=0.2)
    return SimpleNamespace(inputs=inputs, cells=cells, synapses=synapses, spikes=Monitor(cells, "spike"))


def pytest_collection_modifyitems() -> None:
    """What must be there in CI is there: a skipped simulator or cluster would go unseen."""
    if os.environ.get("SWEEP_CI"):
        for name in REQUIRED_IN_CI:
            assert importlib.util.find_spec(name), f"{name} is not installed"
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        assert all(shutil.which(name, path=path) for name in PROGRAMS_IN_CI), "Slurm is not installed"
