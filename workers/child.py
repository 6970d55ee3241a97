"""The program of the child process in which networks run: ``python -P -m workers.child SOCKET WORDS PARENT``.

It is told what to do over a socket, and never over its standard input or output, which belong to the
method. Messages to it: ``("job", key, blob)`` and ``("run", key, indices, parameters, fused, seconds)``: the
networks that are not begun after so many seconds are left out, and None ends the outcomes. Messages from
it: ``("ready", lifetime)`` or ``("broken", traceback)`` for a job, where lifetime is how many networks it may
run; an Outcome per network, in order, or a Part of those that ran as one.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import os
import pickle
import signal
import sys
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

import cloudpickle

from workers import simulators
from workers.edited import Imported
from workers.launch import die_with_parent
from workers.lockstep import run_side_by_side
from workers.network import Population
from workers.outcome import Outcome, failure_of, traceback_below
from workers.parcel import label_of, unpack
from workers.part import Part, pack
from workers.task import Job, Task, run_network

_YOUNG, _MOST = gc.get_threshold()[0], 1_000_000  # objects made between two looks for garbage


def serve(connection: Connection) -> None:
    """Do what is asked until the other end is closed."""
    job: Job | None = None
    modules = Imported()
    while True:
        try:
            message = pickle.loads(connection.recv_bytes())
        except (EOFError, ConnectionError):
            return
        if message[0] == "job":
            job = None  # let go of the old one before the new one takes memory
            modules.forget_edited()
            job = _open(connection, message[2])
            modules.note()
        elif job is not None:
            _run(connection, job, Task(message[2], message[3], seconds=message[5]), message[4])
            modules.note()


def _open(connection: Connection, blob: bytes) -> Job | None:
    try:
        with contextlib.suppress(OSError):  # another machine need not have it
            os.chdir(label_of(blob).folder)
        job = unpack(blob)
        lifetime = _warm_up(job)
        look_rarely_for_garbage(job.fuse)
    except BaseException as error:  # the person's modules may raise anything, SystemExit too
        _send(connection, ("broken", traceback_below(error, __file__)))
        return None
    _send(connection, ("ready", lifetime))
    return job


def look_rarely_for_garbage(fused: int) -> None:
    """Spare what is imported by now, which stays; and look as often for a network as if it ran alone.

    Networks that run as one have so many times the objects, nearly all of them in use.
    """
    if not gc.get_freeze_count():
        gc.freeze()
    gc.set_threshold(min(_YOUNG * fused, _MOST))


def _warm_up(job: Job) -> int | None:
    """Import the simulator now, so that the first network's time limit does not pay for it.

    Returns
    -------
    int or None
        How many networks this process may run.
    """
    if any(network.of(Population) for network in job.networks[:1]):
        return simulators.start(job.simulator).lifetime
    return None


def _run(connection: Connection, job: Job, task: Task, fused: int) -> None:
    own, end = os.getpid(), perf_counter() + task.seconds
    for at in range(0, len(task.indices), fused):
        if at and perf_counter() > end:
            _send(connection, None)
            return
        some = Task(task.indices[at : at + fused], task.parameters[at : at + fused])
        for outcome in _side_by_side(job, some) if fused > 1 else _one_by_one(job, some):
            if os.getpid() != own:
                os._exit(0)  # the method forked, and this is the copy
            _send(connection, outcome)


def _one_by_one(job: Job, task: Task) -> Iterator[Outcome]:
    for index, given in zip(task.indices, task.parameters, strict=True):
        yield _outcome(job, index, given)


def _side_by_side(job: Job, task: Task) -> Iterator[Outcome | Part]:
    simulator = simulators.start(job.simulator)
    try:
        yield pack(run_side_by_side(job, task.indices, task.parameters, simulator))
    except BaseException:  # of a method that ends all: alone it ends itself
        yield from _one_by_one(job, task)


def _outcome(job: Job, index: int, parameters: Mapping[str, Any]) -> Outcome:
    try:
        return run_network(job, index, parameters)
    except BaseException as error:  # sys.exit() in a method is that network's error
        return Outcome(index, failure=failure_of(error, index, job.seed, parameters))


def _send(connection: Connection, message: object) -> None:
    try:
        data = pickle.dumps(message, protocol=5)
    except Exception:  # parameters of a class that is defined in the person's script
        data = cloudpickle.dumps(message)
    connection.send_bytes(data)


def _offer_to_the_oom_killer() -> None:
    """Have Linux end this process before its worker when memory is short."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def main(channel: int, words: int, parent: int) -> None:
    """Serve the worker at the other end of an inherited socket.

    Parameters
    ----------
    channel, words : int
        File descriptors of the socket, and of a file for the traceback of a fatal error.
    parent : int
        The worker's process id.
    """
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what Ctrl-C means is the client's to say
    # A batch system tells all processes that their time is over; to finish what runs is the worker's to say.
    signal.signal(
        signal.SIGTERM, lambda *_: None
    )  # not SIG_IGN, which a method's own processes would inherit
    for descriptor in (channel, words):
        os.set_inheritable(descriptor, False)
    faulthandler.enable(file=words)
    _offer_to_the_oom_killer()
    with Connection(channel) as connection:
        serve(connection)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
