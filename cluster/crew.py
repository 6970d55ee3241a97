"""Worker processes of this machine, started again when they end."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from cluster.credentials import Credentials
from hardware.cores import thread_limits
from workers.launch import command, environment

SHORT_LIFE = 3.0
SHORT_LIVES = 10
# Others may still write when it begins.
SWEEPER = 'trap "" INT TERM HUP; read -r _; rm -rf "$0" 2>&- || { sleep 1; rm -rf "$0"; }'


class Crew:
    """Workers that are kept running by whoever calls `look` now and then.

    They live as long as the thread that starts them: Linux ends them with it.

    Parameters
    ----------
    folder : Path
        For the workers' files.
    environments : sequence of dict
        The environment of each worker.
    name : str
        What the workers' names at the scheduler begin with.
    """

    def __init__(self, folder: Path, environments: Sequence[dict[str, str]], name: str) -> None:
        self._folder, self._environments, self._name = folder, environments, name
        self._workers: dict[int, tuple[subprocess.Popen[str], float]] = {}
        self._short_lives = 0
        self._address: str | None = None

    def __len__(self) -> int:
        return len(self._workers)

    def start(self) -> None:
        """Start all, which takes a while; they wait for the address."""
        for place in range(len(self._environments)):
            self._start(place)

    def tell(self, address: str) -> None:
        """Tell all where the scheduler is."""
        self._address = address
        for worker, _ in self._workers.values():
            _tell(worker, address)

    def look(self, dismissal: bool = False) -> None:
        """Start again what has ended.

        Parameters
        ----------
        dismissal : bool
            Let those go that ended without an error: their scheduler dismissed them, or has ended.

        Raises
        ------
        RuntimeError
            If they end as soon as they are started.
        """
        for place, (worker, born) in list(self._workers.items()):
            code = worker.poll()
            if code == 0 and dismissal:
                del self._workers[place]
            elif code is not None:
                self._count(time.monotonic() - born)
                self._start(place)

    def _count(self, lived: float) -> None:
        self._short_lives = self._short_lives + 1 if lived < SHORT_LIFE else 0
        if self._short_lives > SHORT_LIVES * len(self._environments):
            raise RuntimeError("the cluster's workers end as soon as they are started")

    def drain(self) -> None:
        """Ask all to end when they have finished what they run."""
        for worker, _ in self._workers.values():
            worker.terminate()

    def ended(self) -> bool:
        """Whether none runs any more."""
        return all(worker.poll() is not None for worker, _ in self._workers.values())

    def end(self) -> None:
        """End all at once."""
        for worker, _ in self._workers.values():
            worker.kill()
            if worker.stdin is not None:
                worker.stdin.close()
        for worker, _ in self._workers.values():
            worker.wait()

    def _start(self, place: int) -> None:
        worker = subprocess.Popen(
            command("cluster.node", "worker", str(os.getpid()), str(self._folder), self._name),
            env=self._environments[place],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,  # the terminal's Ctrl-C is for the client
        )
        self._workers[place] = worker, time.monotonic()
        if self._address is not None:
            _tell(worker, self._address)


def environments(credentials: Credentials, workers: int, scratch: Path) -> list[dict[str, str]]:
    """Return the environment of each worker; GPUs that this process may use go round among them."""
    extra = {"TMPDIR": str(scratch), "DASK_LOGGING__DISTRIBUTED": "warning", **thread_limits(1)}
    everyone = environment({**credentials.environment(), **extra})
    gpus = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if not gpus:
        return [everyone] * workers
    devices = gpus.split(",")
    return [everyone | {"CUDA_VISIBLE_DEVICES": devices[i % len(devices)]} for i in range(workers)]


def remove_at_the_end(folder: Path) -> None:
    """Have a folder removed when this process ends, however it does: a shell waits for that."""
    reading, _ = os.pipe()  # the other end is closed by this process's end
    to_it = [(os.POSIX_SPAWN_DUP2, reading, 0)]
    os.posix_spawnp("sh", ["sh", "-c", SWEEPER, str(folder)], os.environ, file_actions=to_it, setsid=True)
    os.close(reading)


def _tell(worker: subprocess.Popen[str], address: str) -> None:
    assert worker.stdin is not None
    with contextlib.suppress(BrokenPipeError), worker.stdin as stream:
        stream.write(address + "\n")
