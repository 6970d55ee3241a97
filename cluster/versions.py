"""What must be the same here and on workers that somebody else has started."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Client

PACKAGES = ("neurosweep", "nest-simulator", "brian2", "pygenn", "neuron")


def versions() -> dict[str, str]:
    """Return the versions of Python, this package, and the simulators."""
    found = {"Python": ".".join(platform.python_version_tuple()[:2])}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def differences(there: Mapping[str, str], here: Mapping[str, str]) -> list[str]:
    """Name what is different there, of what is here; what is not here they need not have.

    Parameters
    ----------
    there, here : dict of str to str
        What `versions` returns on a worker's machine, and on that of the script.
    """
    return [
        f"{name} is {there.get(name)} there, and {version} here"
        for name, version in here.items()
        if version not in (there.get(name), "not installed")
    ]


def check_versions(client: Client) -> None:
    """Check that the workers have the versions that are here; what is not here they need not have.

    Raises
    ------
    RuntimeError
        Names each difference.
    """
    here = versions()
    theirs: Mapping[str, dict[str, str]] = client.run(versions)
    found = [
        f"{worker}: {difference}"
        for worker, there in sorted(theirs.items())
        for difference in differences(there, here)
    ]
    if found:
        raise RuntimeError("the workers differ from this machine: " + "; ".join(found[:10]))
