"""Opens the store that a call is to write: a new one, or one that has some of its results already."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sweep.damage import SPOOL, WORK, check
from sweep.gather import FromMemory, FromSpool, Gatherer
from sweep.known import Known
from sweep.lease import Lease
from sweep.origins import Origin
from sweep.plan import Plan
from sweep.provenance import call_record, description_record, differences
from sweep.several import on_simulators
from sweep.store import Store
from workers.network import Description

Resume = Literal["same", "force"]
Retry = Literal["failed"]


class ChangedSweep(ValueError):  # noqa: N818
    """A store holds the results of something else than what is to be run."""


@dataclass(frozen=True)
class Asked:
    """What `parallel_run` was asked to run, as far as a store needs to know.

    Attributes
    ----------
    method, networks
        As given.
    simulators : sequence of str
        What each network runs on.
    seed : int or None
        As given.
    resume, retry
        As given.
    """

    method: Callable[..., Any]
    networks: Sequence[Description]
    simulators: Sequence[str]
    seed: int | None
    resume: Resume = "same"
    retry: Retry | None = None


@dataclass
class Kept:
    """A store that is being written.

    Attributes
    ----------
    store : Store
    plan : Plan
        With the seed of the store, and the indices that it gives to the networks.
    gatherer : Gatherer
    places : array of int
        Which networks of the plan are to be run.
    attempts : dict of int to int
        How many times networks have been handed out by earlier calls, by index, where they have.
    """

    store: Store
    plan: Plan
    gatherer: Gatherer
    places: NDArray[np.int64]
    attempts: Mapping[int, int] = field(default_factory=dict)
    _closing: ExitStack = field(default_factory=ExitStack)

    def close(self) -> None:
        """Let others write the store."""
        self._closing.close()


def seed_at(path: str | Path | None) -> int | None:
    """Return the seed of a store; None where there is no store yet."""
    try:
        root = json.loads((Path(path or "") / "zarr.json").read_text())
        return int(root["attributes"]["seed"])
    except (OSError, ValueError, LookupError, TypeError):
        return None  # what is wrong with it is said when it is opened


def keep_nowhere(plan: Plan, asked: Asked) -> Kept:
    """Make a store that goes with its results."""
    plan = _expanded(plan, asked)
    store = Store.temporary(plan)
    return Kept(store, plan, FromMemory(store, plan), np.arange(plan.number))


def keep_at(path: str | Path, plan: Plan, asked: Asked) -> Kept:
    """Make a store, or open one to go on.

    Raises
    ------
    FileExistsError
        There is something else at the path.
    StoreInUse
        Another client writes it.
    ValueError
        It holds the results of something else, or is damaged beyond repair.
    """
    path = _checked(path)
    (path / SPOOL).mkdir(parents=True, exist_ok=True)
    closing = ExitStack()
    try:
        lease = closing.enter_context(Lease(path / WORK, f"store={str(path)!r}"))
        store, plan, attempts = _opened(path, plan, asked)
        gatherer = FromSpool(store, plan, path / SPOOL, lease)
        closing.callback(gatherer.close)
        gatherer.fold_all()
    except BaseException:
        closing.close()
        raise
    indices = np.arange(plan.number) if plan.indices is None else plan.indices
    return Kept(store, plan, gatherer, np.flatnonzero(~store.holds(indices)), attempts, closing)


def _checked(path: str | Path) -> Path:
    if "://" in str(path):
        raise ValueError(f"store={str(path)!r}: only paths of a file system are supported so far")
    path = Path(path)
    ours = (path / WORK).is_dir()
    if path.exists() and not ours and (not path.is_dir() or any(path.iterdir())):
        raise FileExistsError(
            f"store={str(path)!r} exists already, and is no store of a sweep that could be gone on with; "
            "name another path, or remove it"
        )
    return path


def _opened(path: Path, plan: Plan, asked: Asked) -> tuple[Store, Plan, dict[int, int]]:
    if (path / "zarr.json").exists():
        return _reopened(path, plan, asked)
    return *_made(path, plan, asked), {}


def _made(path: Path, plan: Plan, asked: Asked) -> tuple[Store, Plan]:
    for left in path.iterdir():  # of a client that died when it had just begun
        if left != path / WORK.parts[0]:
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    for left in (path / SPOOL).iterdir():
        left.unlink()
    known, plan = Known().with_plan(plan, len(asked.networks) > 1)
    known.save(path / WORK)
    plan = _expanded(plan, asked)
    origin = Origin(call_record(asked.method), _described(asked), known.constants)
    return Store.fill(path, plan, durable=True, origin=origin), plan


def _reopened(path: Path, plan: Plan, asked: Asked) -> tuple[Store, Plan, dict[int, int]]:
    known = Known.load(path / WORK)
    store = Store.open(path, plan, durable=True, damages=check(path))
    if asked.seed is not None and asked.seed != store.seed:
        raise ValueError(
            f"store={str(path)!r} has the seed {store.seed}, and not {asked.seed}; leave seed out to go on "
            "with it, or name another path"
        )
    described = _described(asked)
    _refuse_changed(path, store, known, plan, asked, described)
    known, plan = known.with_plan(replace(plan, seed=store.seed), len(asked.networks) > 1)
    plan = _expanded(plan, asked)
    attempts = store.failed() if asked.retry == "failed" else {}
    store.bury([*attempts])
    known.save(path / WORK)
    store = Store.open(path, plan, durable=True)
    store.begin(Origin(call_record(asked.method), described, known.constants))
    return store, plan, attempts


def _expanded(plan: Plan, asked: Asked) -> Plan:
    """Plan each network on each simulator, where there are several."""
    return on_simulators(plan, asked.simulators) if len(asked.simulators) > 1 else plan


def _described(asked: Asked) -> dict[str, Any]:
    return description_record(asked.method, asked.networks, asked.simulators)


def _refuse_changed(
    path: Path, store: Store, known: Known, plan: Plan, asked: Asked, described: dict[str, Any]
) -> None:
    several = len(asked.simulators) > 1 or store.simulators
    if several and store.simulators != [*asked.simulators]:
        was = ", ".join(store.simulators) or "one simulator"
        raise ChangedSweep(
            f"store={str(path)!r} holds the results of {was}, and not of {', '.join(asked.simulators)}; "
            "a store of several simulators is of these for good: name another path"
        )
    if asked.resume == "force":
        return
    before = store.descriptions[-1]
    found = differences(before, described) if before else []
    names = tuple(sorted({*plan.columns, *plan.constants}))
    if names != known.names:
        was, now = (", ".join(n) or "none" for n in (known.names, names))
        found.append(f"the parameters were {was}, are {now}")
    if found:
        raise ChangedSweep(
            f"store={str(path)!r} holds the results of another sweep: {'; '.join(found)}. Name another path; "
            'or say resume="force" to keep those results and run only what is missing with what there is now'
        )
