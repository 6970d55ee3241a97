from __future__ import annotations

from typing import Any

import pytest

from cluster.versions import check_versions, versions


class Workers:
    """A client of workers that say what they are told to."""

    def __init__(self, **different: str) -> None:
        self.different = different

    def run(self, function: Any) -> dict[str, dict[str, str]]:
        return {"tls://a": versions(), "tls://b": versions() | self.different}


def check(**different: str) -> None:
    check_versions(Workers(**different))  # type: ignore[arg-type]


def test_equal_workers_are_taken() -> None:
    check()


@pytest.mark.parametrize(
    ("name", "version"), [("Python", "3.9"), ("neurosweep", "0.0.1"), ("brian2", "not installed")]
)
def test_a_difference_is_named(name: str, version: str) -> None:
    here = versions()[name]
    with pytest.raises(RuntimeError, match=f"tls://b: {name} is {version} there, and {here} here"):
        check(**{name: version})


def test_what_only_the_workers_have_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.versions.PACKAGES", ("nosuch",))
    assert versions()["nosuch"] == "not installed"
    check(nosuch="1.0")
