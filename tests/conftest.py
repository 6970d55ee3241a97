"""What all tests share: an empty base network, and the page's network."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from types import SimpleNamespace
from uuid import uuid4

import pytest
from hypothesis import settings
from s3_server import server

from sweep import Izhikevich, Monitor, PoissonPopulation, Population, Projection, clear
from workers.folder import folder_at

# What decides whether a change lands must not depend on chance; elsewhere every run looks further.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("SWEEP_CI"):
    settings.load_profile("ci")

REQUIRED_IN_CI = {"nest", "brian2", "neuron", "mpi4py", "moto", "s3fs"}
PROGRAMS_IN_CI = {"slurmctld", "slurmd", "sbatch", "munged", "sge_qmaster", "sge_execd", "qsub"}


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
        for name in PROGRAMS_IN_CI:
            assert shutil.which(name, path=path), f"{name} is not installed"


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Give the environment in which s3:// means a local server."""
    for name in ("moto", "flask", "s3fs"):
        pytest.importorskip(name, reason=f"S3 is tested against moto's server, and {name} is not installed")
    with server(tmp_path_factory.mktemp("s3") / "log") as environment:
        yield environment


@pytest.fixture
def bucket(s3_server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the URL of a new bucket, which this process and those that it starts can reach."""
    for name, value in s3_server.items():
        monkeypatch.setenv(name, value)
    name = f"bucket-{uuid4().hex}"
    folder_at(f"s3://{name}")._files.mkdir(name)  # type: ignore[attr-defined]
    return f"s3://{name}"
