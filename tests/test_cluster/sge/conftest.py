"""A real Grid Engine of one node on this host, started once for all tests and stopped behind them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sge_site import SgeSite, skip_without_sge
from slurm_site import running


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SgeSite]:
    skip_without_sge()
    with running(SgeSite(tmp_path_factory.mktemp("sge"))) as made:
        yield made
