"""A real Grid Engine of one node on this host, started once for all tests and stopped behind them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sge_site import SgeSite, running_sge, skip_without_sge


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SgeSite]:
    skip_without_sge()
    with running_sge(SgeSite(tmp_path_factory.mktemp("sge"))) as made:
        yield made
