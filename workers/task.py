"""What a worker is given, and how one network of it is run in the present process."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from workers.keys import Key
from workers.live import Network
from workers.outcome import Outcome, Timings, failure_of, traceback_below
from workers.simulators.base import Simulator
from workers.spool import Spool
from workers.values import encode


@dataclass(frozen=True)
class Job:
    """What all networks of a sweep share; it goes to each worker once, as cloudpickle's bytes.

    Attributes
    ----------
    method : callable
        Called as ``method(index, network, **parameters)``.
    networks : tuple of Network
        One base network that all are copies of, or one base network for each index.
    simulator : str
        The simulator's name.
    seed : int
        The sweep's seed.
    path : tuple of str
        The client's sys.path, so that what the method imports is found.
    fuse : int
        How many networks run as one; 1 to run each by itself.
    stride : int
        On how many simulators each network runs: what follows on one another in the indices is the same
        network on each.
    """

    method: Callable[..., Any]
    networks: tuple[Network, ...]
    simulator: str
    seed: int
    path: tuple[str, ...] = ()
    fuse: int = 1
    stride: int = 1


@dataclass(frozen=True)
class Task:
    """A chunk of networks to be run one after the other.

    Attributes
    ----------
    indices : tuple of int
    parameters : sequence of dict
        The arguments of each.
    spool : Spool, optional
        Where to leave the outcomes; they are given back if there is none.
    attempts : tuple of int
        How many times each has been handed out, this time included; once each if empty.
    seconds : float
        After how many seconds no more of them is begun, but for the first.
    """

    indices: tuple[int, ...]
    parameters: Sequence[Mapping[str, Any]]
    spool: Spool | None = None
    attempts: tuple[int, ...] = ()
    seconds: float = math.inf


class Apart(BaseException):
    """Raised in a method whose network has to run by itself, and not fused with others."""


def run_network(
    job: Job, index: int, parameters: Mapping[str, Any], simulator: Simulator | None = None
) -> Outcome:
    """Run network `index` in this process. An exception becomes a Failure, but for Ctrl-C.

    Parameters
    ----------
    job : Job
    index : int
    parameters : dict
    simulator : Simulator, optional
        In place of the one of the job's name.
    """
    timings = Timings()
    try:
        network = _network(job, index, timings, simulator)
        try:
            value = _call(job, index, parameters, network)
            begin = perf_counter()
            encoded = encode(value)
            timings.write = perf_counter() - begin
            return Outcome(index, value=encoded, timings=timings)
        finally:
            if simulator is not None:  # one of many; what runs by itself a debugger may look at afterwards
                network.release()
    except (KeyboardInterrupt, Apart):
        raise
    except BaseException as error:  # sys.exit() in a method ends that network alone
        failure = failure_of(error, index, job.seed, parameters, traceback_below(error, __file__))
        return Outcome(index, failure=failure, timings=timings)


def call(job: Job, index: int, parameters: Mapping[str, Any]) -> Any:
    """Call the method for network `index` and return what it returns; what it makes joins its network."""
    return _call(job, index, parameters, _network(job, index, Timings(), None))


def _network(job: Job, index: int, timings: Timings, simulator: Simulator | None) -> Network:
    number = index // job.stride
    base = job.networks[number] if len(job.networks) > 1 else job.networks[0]
    network = base.copy()
    network.bind(Key(job.seed, number), job.simulator, timings, simulator)
    return network


def _call(job: Job, index: int, parameters: Mapping[str, Any], network: Network) -> Any:
    if job.stride > 1:
        parameters = {name: value for name, value in parameters.items() if name != "simulator"}
    _seed_globals(network.key())
    with network:
        return job.method(index // job.stride, network, **parameters)


def _seed_globals(key: Key) -> None:
    """Make a method reproducible that draws from a global generator without thinking."""
    words = key.sequence("network", "globals").generate_state(4)
    np.random.seed(words)
    random.seed(words.tobytes())
