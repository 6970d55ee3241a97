"""Keeps the processes of a local cluster running."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from concurrent.futures import Future
from pathlib import Path

from workers.launch import command

LOOK = 0.1
SHORT_LIFE = 3.0
SHORT_LIVES = 10


class Keeper(threading.Thread):
    """A thread that starts a scheduler and workers, and starts workers again that ended.

    It lives as long as they shall: Linux ends them when the thread that started them ends.

    Parameters
    ----------
    number : int
        How many workers.
    folder : Path
        For their files.
    environment : dict of str to str
        For their processes.

    Attributes
    ----------
    address : Future
        The scheduler's address.
    error : str
        Why there are no workers any more, or nothing.
    """

    def __init__(self, number: int, folder: Path, environment: dict[str, str]) -> None:
        super().__init__(name="cluster keeper", daemon=True)
        self.address: Future[str] = Future()
        self.error = ""
        self._number, self._folder, self._environment = number, folder, environment
        self._done = threading.Event()
        self._scheduler: subprocess.Popen[str] | None = None
        self._workers: list[tuple[subprocess.Popen[str], float]] = []
        self._short_lives = 0

    @property
    def well(self) -> bool:
        """Whether the scheduler runs, and the workers stay."""
        return self.is_alive() and not self.error

    def stop(self) -> None:
        """End all processes."""
        self._done.set()
        if self._scheduler is not None and not self.address.done():
            self._scheduler.kill()  # the thread still waits for its address
        self.join()

    def run(self) -> None:
        """Keep the processes running until told to stop."""
        try:
            self._start_all()
            while self.well and not self._done.wait(LOOK):
                self._look()
        except Exception as error:
            self.error = str(error)
            if not self.address.done():
                self.address.set_exception(error)
        finally:
            self._end()

    def _start_all(self) -> None:
        scheduler = self._scheduler = self._start("scheduler")
        self._workers = [self._start_worker() for _ in range(self._number)]
        assert scheduler.stdout is not None
        with scheduler.stdout as output:
            address = output.readline().strip()
        if not address:
            raise RuntimeError("the cluster's scheduler did not start; its errors are above")
        self.address.set_result(address)
        for worker, _ in self._workers:
            _tell(worker, address)

    def _start_worker(self) -> tuple[subprocess.Popen[str], float]:
        return self._start("worker"), time.monotonic()

    def _start(self, role: str) -> subprocess.Popen[str]:
        scheduler = role == "scheduler"
        return subprocess.Popen(
            command("cluster.node", role, str(os.getpid()), str(self._folder)),
            env=self._environment,
            stdin=subprocess.DEVNULL if scheduler else subprocess.PIPE,
            stdout=subprocess.PIPE if scheduler else None,
            text=True,
            start_new_session=True,  # the terminal's Ctrl-C is for the client
        )

    def _look(self) -> None:
        """Start again what ended, unless it does not help."""
        assert self._scheduler is not None
        if self._scheduler.poll() is not None:
            raise RuntimeError("the cluster's scheduler has ended")
        for place, (worker, born) in enumerate(self._workers):
            if worker.poll() is not None:
                short = time.monotonic() - born < SHORT_LIFE
                self._short_lives = self._short_lives + 1 if short else 0
                if self._short_lives > SHORT_LIVES * self._number:
                    raise RuntimeError("the cluster's workers end as soon as they are started")
                self._workers[place] = self._start_worker()
                _tell(self._workers[place][0], self.address.result())

    def _end(self) -> None:
        processes = [worker for worker, _ in self._workers]
        for worker in processes:
            worker.kill()
            if worker.stdin is not None:
                worker.stdin.close()
        if self._scheduler is not None:
            self._scheduler.terminate()
            processes.append(self._scheduler)
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(6.0)
            process.kill()
            process.wait()


def _tell(worker: subprocess.Popen[str], address: str) -> None:
    """Tell a worker where the scheduler is."""
    assert worker.stdin is not None
    with contextlib.suppress(BrokenPipeError), worker.stdin as stream:
        stream.write(address + "\n")
