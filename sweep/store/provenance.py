"""Where results come from: what was run, by which versions, in which state of the person's repository."""

from __future__ import annotations

import inspect
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from hardware.machine import this_machine
from sweep.store.differences import network_differences
from sweep.store.fingerprint import method_differences, method_record
from workers.network.description import Description
from workers.network.serial import to_dict

Record = dict[str, Any]
OURS = "neurosweep"
PACKAGES = (
    OURS,
    "numpy",
    "scipy",
    "zarr",
    "xarray",
    "distributed",
    "cloudpickle",
    "brian2",
    "nest-simulator",
)
SIMULATORS = {"nest": "nest-simulator", "genn": "pygenn", "neuron": "neuron", "spinnaker": "sPyNNaker"}
LONGEST_DIFF = 100_000
SEED_RULE = (
    "every draw is numpy's Philox keyed by SeedSequence(seed, spawn_key=(index, object, purpose)); seed is "
    "an attribute of the root, index the variable 'network'"
)


def description_record(
    method: Callable[..., Any], networks: Sequence[Description], simulators: Sequence[str]
) -> Record:
    """Describe as JSON all that results depend on, besides parameters, seed and index."""
    return {
        "method": method_record(method),
        "networks": [to_dict(network) for network in networks],
        "simulators": {name: version_of(SIMULATORS.get(name, name)) for name in simulators},
        # Numpy may change what its generators draw in a minor version, and not in a patch (NEP 19).
        "versions": {OURS: version_of(OURS), "numpy": ".".join(version_of("numpy").split(".")[:2])},
    }


def differences(old: Record, new: Record) -> list[str]:
    """Say in words in what two descriptions differ."""
    told = list(method_differences(old["method"], new["method"]))
    several = len(new["networks"]) > 1
    for place, (was, is_) in enumerate(zip(old["networks"], new["networks"], strict=False)):
        told += [f"networks[{place}]: {d}" if several else d for d in network_differences(was, is_)]
    if (len(old["networks"]) > 1) != several:
        told.append("one network for all and a list of networks are different sweeps")
    was, is_ = old["simulators"], new["simulators"]
    if [*was] != [*is_]:
        told.append(f"the simulator was {', '.join(was)}, is {', '.join(is_)}")
    for name in was.keys() & is_.keys():
        if was[name] != is_[name]:
            told.append(f"the version of {name} was {was[name]}, is {is_[name]}")
    for name, is_ in new["versions"].items():
        was = old["versions"].get(name)
        if was != is_:
            told.append(f"the version of {name} was {was}, is {is_}")
    return told


def call_record(method: Callable[..., Any]) -> Record:
    """Describe as JSON a call of parallel_run: when, where, by which versions."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": this_machine(),
        "command": sys.argv,
        "python": platform.python_version(),
        "versions": {name: version_of(name) for name in PACKAGES},
        "git": git_state(_folder_of(method)),
    }


@cache
def version_of(package: str) -> str:
    """Return the version of an installed package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"


def git_state(folder: Path) -> Record | None:
    """Return the commit of a repository, and what has been changed since; None where there is none."""
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return None
    changed = _git(folder, "status", "--porcelain") or ""
    diff = (_git(folder, "diff", "HEAD") or "") if changed else ""
    cut = len(diff) > LONGEST_DIFF
    return {
        "commit": commit,
        "changed": changed.splitlines(),
        "diff": diff[:LONGEST_DIFF],
        "diff_is_whole": not cut,
    }


def _folder_of(method: Callable[..., Any]) -> Path:
    try:
        return Path(inspect.getfile(inspect.unwrap(method))).resolve(strict=True).parent
    except (TypeError, OSError):
        return Path.cwd()


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, timeout=10, check=True, errors="replace"
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.rstrip("\n")
