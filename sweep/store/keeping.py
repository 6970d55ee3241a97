"""Opens the store that a call is to write: a new one, or one that has some of its results already."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sweep.plan import Plan
from sweep.several import on_simulators
from sweep.store import root
from sweep.store.arrays import arrays_in, nodes_of
from sweep.store.damage import check, refuse_lost
from sweep.store.gather import FromMemory, FromSpool, Gatherer
from sweep.store.heads import note_head
from sweep.store.known import Known
from sweep.store.lease import NAME as LEASE
from sweep.store.lease import Lease
from sweep.store.origins import Origin
from sweep.store.provenance import call_record, description_record, differences
from sweep.store.root import WORK
from sweep.store.writing import Store
from workers.folder import Folder, LocalFolder, folder_at
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
    choice : str
        What was chosen as the simulator, and why, where this was left to us.
    """

    method: Callable[..., Any]
    networks: Sequence[Description]
    simulators: Sequence[str]
    seed: int | None
    resume: Resume = "same"
    retry: Retry | None = None
    choice: str = ""


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
        return None if path is None else int(root.read_either(folder_at(path))["attributes"]["seed"])
    except Exception:
        return None  # what is wrong with it is said when it is opened


def simulators_at(path: str | Path) -> tuple[str, ...]:
    """Return what the networks of a store were last run on; nothing where there is no store yet.

    Raises
    ------
    FileExistsError
        There is something else at the path.
    """
    folder = _checked(path)
    if not root.exists(folder):
        return ()
    described = arrays_in(folder, nodes_of(root.read_either(folder)))["provenance/descriptions"][:]
    return tuple(json.loads(str(described[-1]) or "{}").get("simulators", ()))


def keep_nowhere(plan: Plan, asked: Asked) -> Kept:
    """Make a store that goes with its results."""
    plan = _expanded(plan, asked)
    store = Store.temporary(plan, Origin({"choice": asked.choice}) if asked.choice else None)
    gatherer, closing = FromMemory(store, plan), ExitStack()
    closing.callback(gatherer.close)
    return Kept(store, plan, gatherer, np.arange(plan.number), _closing=closing)


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
    folder = _checked(path)
    work = folder.below(WORK)
    closing = ExitStack()
    try:
        lease = closing.enter_context(Lease(work, f"store={str(path)!r}"))
        store, plan, attempts = _opened(folder, plan, asked)
        gatherer = FromSpool(store, plan, work, lease)
        closing.callback(gatherer.close)
        gatherer.fold_all()
        indices = np.arange(plan.number) if plan.indices is None else plan.indices
        missing = np.flatnonzero(~store.holds(indices))
        if len(missing):
            note_head(work, plan.number - len(missing))
    except BaseException:
        closing.close()
        raise
    return Kept(store, plan, gatherer, missing, attempts, closing)


def _checked(path: str | Path) -> Folder:
    folder = folder_at(path)
    ours = any(folder.below(WORK).names())
    if not ours and (any(folder.names()) or (isinstance(folder, LocalFolder) and folder.path.is_file())):
        raise FileExistsError(
            f"store={str(path)!r} exists already, and is no store of a sweep that could be gone on with; "
            "name another path, or remove it"
        )
    return folder


def _opened(folder: Folder, plan: Plan, asked: Asked) -> tuple[Store, Plan, dict[int, int]]:
    root.mend(folder)
    if folder.exists(root.FILE):
        return _reopened(folder, plan, asked)
    return *_made(folder, plan, asked), {}


def _made(folder: Folder, plan: Plan, asked: Asked) -> tuple[Store, Plan]:
    refuse_lost(folder)
    # What is there, but for the lease, is of a client that died when it had just begun.
    folder.remove(*(name for name in folder.names() if not name.startswith(f"{WORK}/{LEASE}")))
    known, plan = Known().with_plan(plan, len(asked.networks) > 1)
    known.save(folder.below(WORK))
    plan = _expanded(plan, asked)
    origin = Origin(_called(asked), _described(asked), known.constants)
    return Store.fill(folder, plan, durable=True, origin=origin), plan


def _reopened(folder: Folder, plan: Plan, asked: Asked) -> tuple[Store, Plan, dict[int, int]]:
    known = Known.load(folder.below(WORK))
    store = Store.open(folder, plan, durable=True, damages=check(folder))
    if plan.seed != store.seed:
        what = "leave seed out to go on with it, or name another path"
        if asked.seed is None:
            what = "another client made it while this one began: run the call again"
        raise ValueError(f"store={str(folder)!r} has the seed {store.seed}, and not {plan.seed}; {what}")
    described = _described(asked)
    _refuse_changed(folder, store, known, plan, asked, described)
    known, plan = known.with_plan(plan, len(asked.networks) > 1)
    plan = _expanded(plan, asked)
    attempts = store.failed() if asked.retry == "failed" else {}
    store.bury([*attempts])
    known.save(folder.below(WORK))
    store = Store.open(folder, plan, durable=True)
    store.begin(Origin(_called(asked), described, known.constants))
    return store, plan, attempts


def _expanded(plan: Plan, asked: Asked) -> Plan:
    """Plan each network on each simulator, where there are several."""
    return on_simulators(plan, asked.simulators) if len(asked.simulators) > 1 else plan


def _called(asked: Asked) -> dict[str, Any]:
    return call_record(asked.method) | ({"choice": asked.choice} if asked.choice else {})


def _described(asked: Asked) -> dict[str, Any]:
    return description_record(asked.method, asked.networks, asked.simulators)


def _refuse_changed(
    folder: Folder, store: Store, known: Known, plan: Plan, asked: Asked, described: dict[str, Any]
) -> None:
    several = len(asked.simulators) > 1 or store.simulators
    if several and store.simulators != [*asked.simulators]:
        was = ", ".join(store.simulators) or "one simulator"
        raise ChangedSweep(
            f"store={str(folder)!r} holds the results of {was}, and not of {', '.join(asked.simulators)}; "
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
            f"store={str(folder)!r} holds the results of another sweep: {'; '.join(found)}. Name another "
            'path; or say resume="force" to keep those results and run what is missing with what there is now'
        )
