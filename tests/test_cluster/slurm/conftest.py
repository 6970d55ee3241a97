"""A real Slurm of two nodes on this host, started once for all tests and stopped behind them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from slurm_site import Site, running, skip_without_slurm


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    skip_without_slurm()
    with running(Site(tmp_path_factory.mktemp("slurm"))) as made:
        yield made
