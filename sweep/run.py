"""parallel_run: a base network, what to vary, and the results of all its copies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cluster import Pool, connect, described
from cluster.batch.handed import own_head
from sweep.choosing import AUTO, Choice, able, choose
from sweep.dispatch import Dispatch
from sweep.packing import Packer
from sweep.plan import Plan, make_plan
from sweep.points import Points
from sweep.progress import Bar
from sweep.results.results import Results, SweepError
from sweep.signature import check_signature
from sweep.store.keeping import Asked, Kept, Resume, Retry, keep_at, keep_nowhere, seed_at, simulators_at
from workers import parcel, simulators
from workers.live import Network
from workers.network import Described, View, check
from workers.task import call


def parallel_run(
    method: Callable[..., Any],
    number: int = 0,
    networks: Network | Sequence[Network] | None = None,
    *,
    points: Points | Iterable[Mapping[str, Any]] | None = None,
    replicates: int = 1,
    seed: int | None = None,
    simulator: str | Sequence[str] = "nest",
    cluster: Any = None,
    max_processes: int = -1,
    store: str | Path | None = None,
    timeout: float | None = None,
    fuse: int | Literal["auto"] = "auto",
    on_error: Literal["raise", "keep"] = "raise",
    resume: Resume = "same",
    retry: Retry | None = None,
    progress: bool | None = None,
    **args: Any,
) -> Results:
    """Run independent copies of a network, each with its own random draws.

    Parameters
    ----------
    method : callable
        Called as ``method(idx, net, **args)`` for each network, in a process of a worker. Populations,
        projections and monitors that it makes join `net`. What it returns is that network's result:
        numbers, strings, arrays, or tuples, lists, dicts, named tuples and dataclasses of them.
    number : int
        How many networks to run; may be left out where `networks`, `points` or a list in `args` says it.
    networks : Network or sequence of Network, optional
        The base network, in place of what was made at module level; or one for each index.
    points : Points or iterable of dict, optional
        What the method is called with, point by point: `grid`, `zipped`, `sobol`, `latin_hypercube`, dicts,
        or a pandas DataFrame with a row for each.
    replicates : int
        How many networks to run at each point.
    seed : int, optional
        What all draws depend on, with the index of the network. If not given that of the store, or a fresh
        one, which is in the results.
    simulator : str or sequence of str
        "nest", "brian2", "neuron", "genn", or the name of another adapter that is installed. Of several, each
        runs every network, with the same draws: first all on the first, then all on the next. They are a
        dimension "simulator" of the results' dataset. "auto" takes the one that is installed, can run the
        networks, and takes least: where it pays, a few networks of the sweep are timed on each, and their
        results dropped. A store goes on with what it was made with. The results' `choice` says what and why.
    cluster : optional
        Where to run: None for this machine's cores (or, in a script of ``sweep submit``, for the cluster
        that it was submitted with), ``local(cores)``, ``slurm(...)``, ``sge(...)``, ``mpi()``, "debug" for
        this very process, or the address of a Dask scheduler or a Client.
    max_processes : int
        With ``cluster=None``: how many networks run at once; -1 for one on each core.
    store : str or Path, optional
        A path for the results, a Zarr hierarchy, or a URL such as "s3://bucket/rates.zarr". If not given,
        they are dropped with the Results. Where there is one already, what it holds is not run again: a call
        that was interrupted goes on, and more points, replicates or networks are added. A network is found
        again by its parameters, and keeps its index, its draws and its results.
    timeout : float, optional
        How many seconds a network may take before it is ended.
    fuse : int or "auto"
        How many networks of equal structure to run as one simulation; 1 to run each by itself. The results
        are the same. "auto" fuses where it pays: small networks on Brian2 and GeNN.
    on_error : {"raise", "keep"}
        What to do when all networks are done and some have failed: raise `SweepError`, which holds the
        results, or return results with a Failure in place of each value that is missing.
    resume : {"same", "force"}
        With a store that has results already: "same" refuses if the networks, the method, what it takes
        from around it, dt, the simulator or a version that matters have changed since, and names the
        change. "force" keeps the old results and runs only what is missing, with what there is now.
    retry : "failed", optional
        With a store that has results already: run the networks again that failed.
    progress : bool, optional
        Whether to show a progress bar; if not given, where a person is likely to look.
    **args : object
        Arguments of the method. Lists, tuples, ranges, arrays and columns of tables hold one value for each
        network; others are for all, as is a sequence in `Constant`.

    Returns
    -------
    Results
        What the method returned for each network, in the order of the indices.

    Raises
    ------
    TypeError, ValueError
        Before anything runs, if something in the call or in a network cannot work.
    SweepError
        If networks failed.
    """
    _check_options(timeout, on_error)
    _check_store_options(store, resume, retry)
    described(cluster, max_processes)  # a wrong one is refused before a store is made
    bases, listed = _bases(networks)
    plan = make_plan(number, listed, points, replicates, seed_at(store) if seed is None else seed, args)
    check_signature(method, [*plan.columns, *plan.constants], OPTIONS)
    packer = Packer(method, bases, plan.seed, fuse)
    pool = cache(lambda: connect(cluster, max_processes))
    choice = _chosen(store, plan, packer, pool) if simulator == AUTO else Choice(_names(simulator))
    names = choice.simulators
    for name, network in product(names, bases):
        _check_network(network, name)
    blobs = [packer.pack(name, stride=len(names)) for name in names]
    asked = Asked(method, bases, names, seed, resume, retry, choice.why)
    kept = keep_nowhere(plan, asked) if store is None else keep_at(store, plan, asked)
    try:
        if len(kept.places):
            bar = Bar(len(kept.places), progress)
            bar.tell(choice.why)
            _run(kept, pool(), blobs, timeout, bar)
    finally:
        kept.close()

    def replay(place: int) -> Any:
        of = place // (kept.plan.number // len(names))
        return call(parcel.unpack(blobs[of]), kept.plan.index(place), kept.plan.parameters(place))

    results = Results(kept.store, kept.plan, replay)
    if on_error == "raise" and results.errors:
        raise SweepError(results)
    return results


OPTIONS = ("number", "networks", *(parallel_run.__kwdefaults__ or {}))


def _bases(networks: Network | Sequence[Network] | None) -> tuple[tuple[Network, ...], int | None]:
    """Return the base networks, and how many there are if each is for one index."""
    if networks is None:
        return (Network(everything=True),), None
    if isinstance(networks, Network):
        return (networks.copy(),), None
    if isinstance(networks, (str, Described, View)) or not isinstance(networks, Iterable):
        raise TypeError(f"networks={networks!r}; expected a Network, or a list of them")
    listed = tuple(networks)
    for place, network in enumerate(listed):
        if not isinstance(network, Network):
            raise TypeError(f"networks[{place}]={network!r}; expected a Network")
    return tuple(n.copy() for n in listed), len(listed)


def _chosen(store: str | Path | None, plan: Plan, packer: Packer, pool: Callable[[], Pool]) -> Choice:
    """Choose the simulator, or take what a store was made with."""
    before = () if store is None else simulators_at(store)
    if before:
        return Choice(before, f"{', '.join(before)}: what the store was made with")
    names = able([network for network in packer.networks if len(network)])
    for name in names:
        packer.width(name)
    return choose(names, plan, pool, packer)


def _names(simulator: Any) -> tuple[str, ...]:
    """Return the names of the simulators that were asked for."""
    names = (simulator,) if isinstance(simulator, str) else simulator
    if not isinstance(names, (list, tuple)) or not names or not all(isinstance(n, str) for n in names):
        known = ", ".join(simulators.registered())
        raise TypeError(f"simulator={simulator!r}; expected a name, or a list of some: {known}")
    if len(set(names)) < len(names):
        raise ValueError(f"simulator={simulator!r}; name each only once")
    for name in names:
        simulators.adapter(name)
    return tuple(names)


def _check_options(timeout: Any, on_error: Any) -> None:
    seconds = isinstance(timeout, (int, float, np.number)) and not isinstance(timeout, bool)
    if timeout is not None and not (seconds and timeout > 0):
        raise ValueError(f"timeout={timeout!r}; expected a positive number of seconds, or None")
    if on_error not in {"raise", "keep"}:
        raise ValueError(f"on_error={on_error!r}; expected 'raise' or 'keep'")


def _check_store_options(store: Any, resume: Any, retry: Any) -> None:
    if store is not None and (not isinstance(store, (str, Path)) or not str(store)):
        raise TypeError(f"store={store!r}; expected a path such as 'rates.zarr', a URL, or None")
    if resume not in {"same", "force"}:
        raise ValueError(f"resume={resume!r}; expected 'same' or 'force'")
    if retry not in {None, "failed"}:
        raise ValueError(f"retry={retry!r}; expected None or 'failed'")
    if store is None and own_head() is not None:
        raise ValueError("a script of 'sweep submit' needs store=: without it nothing is left of its results")
    if store is None and (resume != "same" or retry is not None):
        raise ValueError("resume and retry are about a store with results; name it with store=")


def _check_network(network: Network, simulator: str) -> None:
    """Check a network that is to be simulated; a method may also do without one."""
    if len(network):
        check(network)
        simulators.check(network, simulator)


def _run(kept: Kept, pool: Pool, blobs: Sequence[bytes], timeout: float | None, bar: Bar) -> None:
    """Run what is missing on one simulator after the other."""
    with bar:
        for simulator, blob in enumerate(blobs):
            places = kept.places[np.isin(kept.places, kept.plan.places_of(simulator))]
            if len(places):
                _run_on(pool, blob, kept, places, timeout, bar)


def _run_on(
    pool: Pool, blob: bytes, kept: Kept, places: NDArray[np.int64], timeout: float | None, bar: Bar
) -> None:
    """Run networks on one simulator and bring what they give into the store; nothing is lost on the way."""
    gatherer = kept.gatherer
    dispatch = Dispatch(
        pool, blob, kept.plan, timeout, places=places, attempts=kept.attempts, spool=gatherer.spool
    )
    try:
        lost = [0]
        while lost:
            for arrived in dispatch.parts():
                bar.count(arrived)
                dispatch.again(gatherer.take(arrived))
            lost = gatherer.flush()
            dispatch.again(lost)
    except BaseException:
        pool.interrupt()
        raise
    finally:
        dispatch.close()
        gatherer.flush()
