"""Keeps a scheduler running, and workers beside it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from concurrent.futures import Future
from pathlib import Path

from cluster.crew import Crew
from workers.launch import command

LOOK = 0.1
END = signal.SIGUSR1  # tells the scheduler to end
LAST_WORDS = "end"  # a file in the folder with a command that it runs then, if there is one


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
    host : str
        The address, of this machine, at which the scheduler listens.

    Attributes
    ----------
    address : Future
        The scheduler's address.
    error : str
        Why there are no workers any more, or nothing.
    """

    def __init__(self, number: int, folder: Path, environment: dict[str, str], host: str) -> None:
        super().__init__(name="cluster keeper", daemon=True)
        self.address: Future[str] = Future()
        self.error = ""
        self._folder, self._environment, self._host = folder, environment, host
        self._done = threading.Event()
        self._scheduler: subprocess.Popen[str] | None = None
        self._crew = Crew(folder, [environment] * number, "local")

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
        scheduler = self._scheduler = self._start_scheduler()
        self._crew.start()
        assert scheduler.stdout is not None
        with scheduler.stdout as output:
            address = output.readline().strip()
        if not address:
            raise RuntimeError("the cluster's scheduler did not start; its errors are above")
        self.address.set_result(address)
        self._crew.tell(address)

    def _start_scheduler(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command("cluster.node", "scheduler", str(os.getpid()), str(self._folder), self._host),
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # the terminal's Ctrl-C is for the client
        )

    def _look(self) -> None:
        assert self._scheduler is not None
        if self._scheduler.poll() is not None:
            raise RuntimeError("the cluster's scheduler has ended")
        self._crew.look()

    def _end(self) -> None:
        self._crew.end()
        if self._scheduler is not None:
            self._scheduler.send_signal(END)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._scheduler.wait(6.0)
            self._scheduler.kill()
            self._scheduler.wait()
