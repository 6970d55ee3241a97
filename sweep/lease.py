"""A lease: at most one client at a time writes a store, wherever files can be created exclusively.

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
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

BEAT = 2.0  # seconds between two changes
PATIENCE = 30.0  # seconds without a change after which a holder on another machine counts as dead
NAME = "lease-"


class StoreInUse(RuntimeError):  # noqa: N818
    """Another client writes the store."""


class Lease:
    """The right to write a store, from its making until it is released or the process ends.

    Parameters
    ----------
    folder : Path
    owner : str
        What is leased, for messages.
    patience : float
        Seconds to wait for a sign of life of a holder on another machine.

    Raises
    ------
    StoreInUse
        If another client holds it.
    """

    def __init__(self, folder: Path, owner: str, patience: float = PATIENCE) -> None:
        self._folder, self._owner = folder, owner
        self._about = {"machine": _machine(), "pid": os.getpid(), "started": _started(os.getpid())}
        self._about |= {
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._beats = 0
        self._number = self._acquire(patience)
        self._over = threading.Event()
        threading.Thread(target=self._beat, name="sweep-lease", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def check(self) -> None:
        """Raise if the lease was lost: this process was silent for so long that another took over."""
        current = _current(self._folder)
        if current is None or current[0] != self._number:
            raise StoreInUse(
                f"{self._owner}: this process was taken for dead, and another client writes it now; "
                "run the call again when that has ended"
            )

    def release(self) -> None:
        """Let others have it."""
        self._over.set()
        with contextlib.suppress(FileNotFoundError):
            self._path(self._number).unlink()

    def _path(self, number: int) -> Path:
        return self._folder / f"{NAME}{number}"

    def _acquire(self, patience: float) -> int:
        while True:
            current = _current(self._folder)
            if current is not None:
                self._wait_for_its_end(current[1], patience)
            number = 1 if current is None else current[0] + 1
            try:
                with self._path(number).open("xb") as file:
                    file.write(self._content())
            except FileExistsError:  # somebody was quicker: look again
                continue
            others = _numbers(self._folder) - {number}
            if others <= ({current[0]} if current else set()):
                for other in others:
                    self._path(other).unlink(missing_ok=True)
                return number
            self._path(number).unlink(missing_ok=True)  # two at once: both step back
            raise StoreInUse(f"{self._owner} was opened by two clients at once; run the call again")

    def _wait_for_its_end(self, path: Path, patience: float) -> None:
        """Return when the holder of a lease is known to be dead; raise if it lives."""
        first = _read(path)
        about = _parsed(first)
        if about and about["machine"] == self._about["machine"]:
            if _started(about["pid"]) == about["started"]:
                raise self._in_use(about)
            return
        end = time.monotonic() + patience
        while time.monotonic() < end:
            time.sleep(min(BEAT / 2, patience / 4))
            if _read(path) != first:
                raise self._in_use(_parsed(_read(path)) or about)

    def _in_use(self, about: dict[str, Any]) -> StoreInUse:
        who = f"process {about.get('pid', '?')} on {about.get('host', '?')}, since {about.get('since', '?')}"
        return StoreInUse(
            f"{self._owner} is being written by another client: {who}; wait until that has ended, or end it"
        )

    def _content(self) -> bytes:
        self._beats += 1
        return json.dumps({**self._about, "beat": f"{self._beats:012}"}).encode()

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            with contextlib.suppress(OSError), self._path(self._number).open("r+b") as file:
                file.write(self._content())  # of the same length: whoever reads it, finds it whole


def _numbers(folder: Path) -> set[int]:
    ends = (p.name.removeprefix(NAME) for p in folder.glob(f"{NAME}*"))
    return {int(end) for end in ends if end.isdecimal()}


def _current(folder: Path) -> tuple[int, Path] | None:
    number = max(_numbers(folder), default=None)
    return None if number is None else (number, folder / f"{NAME}{number}")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
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
