"""A worker's child process: tasks are run in it, and it is replaced when a network ends it."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterator
from dataclasses import replace
from time import perf_counter

from hardware.machine import this_machine
from workers.handle import EndedError, Handle
from workers.joining import gathered
from workers.outcome import Failure, Kind, Outcome, end_of_process
from workers.parcel import label_of
from workers.part import Part, counted
from workers.spool import Done, delivered
from workers.task import Task

ATTEMPTS = 2
PATIENCE = 2.0
ABORT = 0.3


class InterruptedTask(RuntimeError):  # noqa: N818
    """The person has stopped the sweep."""


class UnfitWorker(RuntimeError):  # noqa: N818
    """Says that a worker can run no network of a job: no process gets as far as the first of them.

    The simulator cannot be imported here, or a module of the person's, or no process can be started.
    """


class Child:
    """A child process, started when first needed and kept warm from task to task.

    It belongs to one thread; `kill` may be called from any other.
    """

    def __init__(self) -> None:
        self._handle: Handle | None = None
        self._key: str | None = None
        self._left: int | None = None  # networks that the process may still run
        self._running = False
        self._interrupted = False
        self.began = 0.0
        """When the first network of the present task was begun, by `perf_counter`."""
        with _lock:
            _children.add(self)

    @property
    def pid(self) -> int | None:
        """The process id, if it runs."""
        return None if self._handle is None else self._handle.pid

    def run(
        self, job_key: str, blob: bytes, task: Task, timeout: float | None, seed: int
    ) -> Iterator[Outcome | Part]:
        """Run a task's networks in order, as many as its time allows, and yield each outcome as it comes.

        Those of networks that ran as one come together, as a Part.
        A network that ends the process, or takes longer than `timeout` seconds, becomes a Failure, and the
        others go on in a fresh process.

        Raises
        ------
        InterruptedTask
            When `kill` was called meanwhile.
        UnfitWorker
            If no process can be made ready for a network.
        """
        self._interrupted, self._running, self.began = False, True, 0.0
        try:
            yield from self._run(job_key, blob, task, timeout, seed)
        except BaseException:
            self._end(0.0)  # it is in the midst of something that nobody waits for
            raise
        finally:
            self._running = False

    def runs(self, job_key: str) -> bool:
        """Whether it runs networks of a job."""
        return self._running and self._key == job_key

    def kill(self) -> bool:
        """End the process at once; return whether it was running a task."""
        running, handle = self._running, self._handle
        self._interrupted = True
        if handle is not None:
            handle.kill()
        return running

    def close(self) -> None:
        """End the process, leaving it a while to end by itself."""
        if self._handle is not None:
            self._handle.hang_up()
        self._end(PATIENCE)
        with _lock:
            _children.discard(self)

    def _run(
        self, key: str, blob: bytes, task: Task, timeout: float | None, seed: int
    ) -> Iterator[Outcome | Part]:
        width = label_of(blob).fuse
        done = unready = alone_until = 0
        while done < len(task.indices) and not (done and perf_counter() > self.began + task.seconds):
            fused = 1 if done < alone_until else width
            end = alone_until if done < alone_until else len(task.indices)
            rest, begin = Task(task.indices[done:end], task.parameters[done:end]), done
            try:
                handle = self._ready(key, blob)
                now = Task(rest.indices[: self._left], rest.parameters[: self._left])
                self.began = self.began or perf_counter()
                left = self.began + task.seconds - perf_counter()
                handle.send(("run", key, now.indices, now.parameters, fused, left))
            except EndedError:
                unready += 1
                error, message, words = self._post_mortem(PATIENCE)
                if unready == ATTEMPTS:
                    text = f"{error}: {message}, {ATTEMPTS} times before it was ready for the first network"
                    raise UnfitWorker(f"{text}\n{words}".strip()) from None
                continue
            for outcome in self._networks(handle, now, timeout, seed, fused):
                if outcome is None:  # its time is over
                    self._age(done - begin)
                    return
                done += _networks_in(outcome)
                yield outcome
            self._age(len(now.indices))
            if fused > 1 and done < begin + len(
                now.indices
            ):  # one of those that ran as one has ended the process: which?
                alone_until = min(end, done + fused - (done - begin) % fused)

    def _age(self, networks: int) -> None:
        """End a process that has run as many networks as its simulator bears."""
        if self._left is not None:
            self._left -= networks
            if self._left <= 0:
                self._end(0.0)

    def _ready(self, key: str, blob: bytes) -> Handle:
        """Return the process with the job opened in it."""
        if self._handle is not None and self._handle.exited():
            self._end(0.0)  # it ended between two tasks, which is no network's fault
        if self._handle is None:
            self._handle, self._key, self._left = _started(), None, None
        if self._interrupted:
            raise InterruptedTask("the sweep was interrupted")
        if self._key != key:
            self._open(self._handle, key, blob)
        return self._handle

    def _open(self, handle: Handle, key: str, blob: bytes) -> None:
        self._key = None
        handle.send(("job", key, blob))
        reply = handle.receive(None)
        if reply[0] == "broken":
            raise UnfitWorker(reply[1])
        self._key = key
        self._left = reply[1] if self._left is None else self._left

    def _networks(
        self, handle: Handle, task: Task, timeout: float | None, seed: int, fused: int
    ) -> Iterator[Outcome | Part | None]:
        """Yield outcomes up to the first network that does not survive; its failure too if it ran alone.

        None ends them where the others were not begun.
        """
        patience = None if timeout is None else timeout * fused
        done = 0
        while done < len(task.indices):
            index, given = task.indices[done], task.parameters[done]
            try:
                outcome: Outcome | Part | None = handle.receive(patience)
            except (EndedError, TimeoutError) as end:
                failure = self._failure(end, timeout)
                if fused == 1:
                    yield Outcome(index, failure=Failure(index, seed, dict(given), *failure))
                return
            yield outcome
            if outcome is None:
                return
            done += _networks_in(outcome)

    def _failure(self, end: Exception, timeout: float | None) -> tuple[Kind, str, str, str]:
        if isinstance(end, EndedError):
            return "crash", *self._post_mortem(PATIENCE)
        if self._handle is not None:
            self._handle.abort()
        words = self._post_mortem(ABORT)[2]
        return "timeout", "TimeoutError", f"the network took longer than {timeout:g} s", words

    def _post_mortem(self, patience: float) -> tuple[str, str, str]:
        """Return the name and description of the process's end, and its last words."""
        code, words = self._end(patience)
        if self._interrupted:
            raise InterruptedTask("the sweep was interrupted")
        return *end_of_process(code), words

    def _end(self, patience: float) -> tuple[int, str]:
        handle, self._handle = self._handle, None
        return (0, "") if handle is None else handle.finish(patience)


def _networks_in(outcome: Outcome | Part) -> int:
    return len(outcome.index) if isinstance(outcome, Part) else 1


def _started() -> Handle:
    try:
        return Handle()
    except OSError as error:  # no memory, no process, no file descriptor left
        raise UnfitWorker(f"no process can be started: {error}") from error


_lock = threading.Lock()
_children: set[Child] = set()
_of_thread = threading.local()


def child_of_this_thread() -> Child:
    """Return the child process of the present thread."""
    if not hasattr(_of_thread, "child"):
        _of_thread.child = Child()
    child: Child = _of_thread.child
    return child


def run_task(blob: bytes, key: str, task: Task, timeout: float | None) -> Done:
    """Run a task in this thread's child process.

    Parameters
    ----------
    blob : bytes
        The packed Job.
    key : str
        The Job's key.
    task : Task
        The networks.
    timeout : float or None
        Seconds that a network may take.

    Raises
    ------
    UnfitWorker
        If this worker can run no network of the job.
    """
    child = child_of_this_thread()
    part = gathered(child.run(key, blob, task, timeout, label_of(blob).seed))
    begun = len(part.index)
    part = replace(part, attempt=counted(task.attempts[:begun], begun), resource=this_machine())
    return Done(delivered(part, task.spool), perf_counter() - child.began)


def stop_children(job_key: str | None = None) -> int:
    """End all child processes of this worker at once, or those alone that run networks of a job.

    Returns how many were running a task.
    """
    with _lock:
        children = [child for child in _children if job_key is None or child.runs(job_key)]
    return sum(child.kill() for child in children)


atexit.register(stop_children)
