"""A lease: at most one client at a time writes a store, wherever files can be created exclusively.

That is on file systems, those of networks too, and in the clouds that know an upload on the condition that
there is no such file. Elsewhere two clients that begin in the same moment may both find that they have it,
until the first of them is about to commit.

Leases are numbered files, and the one with the highest number counts. Its holder keeps changing what is in
it. Who finds that it no longer changes, or that its process has ended, creates the next. Clocks of different
machines are never compared, and no locks are needed.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from workers.folder import Folder

BEAT = 2.0  # seconds between two changes
PATIENCE = 30.0  # seconds without a change after which a holder on another machine counts as dead
NAME = "lease-"


class StoreInUse(RuntimeError):  # noqa: N818
    """Another client writes the store."""


class Lease:
    """The right to write a store, from its making until it is released or the process ends.

    Parameters
    ----------
    folder : Folder
    owner : str
        What is leased, for messages.
    patience : float
        Seconds to wait for a sign of life of a holder on another machine.

    Raises
    ------
    StoreInUse
        If another client holds it.
    """

    def __init__(self, folder: Folder, owner: str, patience: float = PATIENCE) -> None:
        self._folder, self._owner = folder, owner
        self._about = {"machine": _machine(), "pid": os.getpid(), "started": _started(os.getpid())}
        self._about |= {
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._beats = 0
        self._number = self._acquire(patience)
        self._over = threading.Event()
        self._beating = threading.Thread(target=self._beat, name="sweep-lease", daemon=True)
        self._beating.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def check(self) -> None:
        """Raise if the lease was lost: this process was silent for so long that another took over."""
        number = max(_numbers(self._folder), default=None)
        held = number == self._number and _parsed(_read(self._folder, self._number))
        if not held or not self._about.items() <= held.items():
            raise StoreInUse(
                f"{self._owner}: this process was taken for dead, and another client writes it now; "
                "run the call again when that has ended"
            )

    def release(self) -> None:
        """Let others have it."""
        self._over.set()
        self._beating.join(PATIENCE)  # lest it comes back with the last beat
        self._folder.remove(_name(self._number))

    def _acquire(self, patience: float) -> int:
        while True:
            current = max(_numbers(self._folder), default=0)
            if current:
                self._wait_for_its_end(current, patience)
            number = current + 1
            try:
                self._folder.create(_name(number), self._content())
            except FileExistsError:  # somebody was quicker: look again
                continue
            others = _numbers(self._folder) - {number}
            if others <= {current}:
                self._folder.remove(*map(_name, others))
                return number
            self._folder.remove(_name(number))  # two at once: both step back
            raise StoreInUse(f"{self._owner} was opened by two clients at once; run the call again")

    def _wait_for_its_end(self, number: int, patience: float) -> None:
        """Return when the holder of a lease is known to be dead; raise if it lives."""
        about = _living(self._folder, number, patience)
        if about is not None:
            raise self._in_use(about)

    def _in_use(self, about: dict[str, Any]) -> StoreInUse:
        return StoreInUse(
            f"{self._owner} is being written by another client: {_named(about)}; wait until that has ended, "
            "or end it"
        )

    def _content(self) -> bytes:
        self._beats += 1
        return json.dumps({**self._about, "beat": f"{self._beats:012}"}).encode()

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            with contextlib.suppress(Exception):  # whatever goes wrong on the way to a cloud
                self._folder.renew(_name(self._number), self._content())  # of the same length: always whole


def holder(folder: Folder, patience: float = 3 * BEAT) -> str:
    """Name the client that holds the lease of a store; nobody if it gives no sign of life.

    Parameters
    ----------
    folder : Folder
    patience : float
        Seconds to wait for a sign of life of a holder on another machine.
    """
    number = max(_numbers(folder), default=None)
    about = None if number is None else _living(folder, number, patience)
    return "" if about is None else _named(about)


def _living(folder: Folder, number: int, patience: float) -> dict[str, Any] | None:
    """Return what a lease says of its holder; None if that is dead, or lets go of it."""
    first = _read(folder, number)
    about = _parsed(first)
    if about and about["machine"] == _machine():
        return about if _started(about["pid"]) == about["started"] else None
    end = time.monotonic() + patience
    while time.monotonic() < end:
        time.sleep(min(BEAT / 2, patience / 4))
        now = _read(folder, number)
        if now != first:
            return (_parsed(now) or about) if now else None
    return None


def _named(about: Mapping[str, Any]) -> str:
    return f"process {about.get('pid', '?')} on {about.get('host', '?')}, since {about.get('since', '?')}"


def _name(number: int) -> str:
    return f"{NAME}{number}"


def _numbers(folder: Folder) -> set[int]:
    ends = (name.removeprefix(NAME) for name in folder.names(deep=False) if name.startswith(NAME))
    return {int(end) for end in ends if end.isdecimal()}


def _read(folder: Folder, number: int) -> bytes:
    try:
        return folder.read(_name(number))
    except FileNotFoundError:
        return b""


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        about = json.loads(content)
    except ValueError:
        return {}
    return about if isinstance(about, dict) and {"machine", "pid", "started"} <= about.keys() else {}


def _machine() -> str:
    """Name what process numbers are valid in: the machine, since it was started, and the container."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    with contextlib.suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))  # noqa: PTH115, it is no path
    return " ".join(parts)


def _started(pid: int) -> str:
    """Tell when a process was started, in ticks since the machine was; empty if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "" if Path("/proc/self/stat").exists() else _alive(pid)
    return "" if fields[0] in "ZX" else fields[19]


def _alive(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "alive"
