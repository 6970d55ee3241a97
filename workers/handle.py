"""One child process as its worker holds it: started, talked to, and ended for certain."""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import select
import signal
import socket
import struct
import subprocess
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

import cloudpickle

from hardware.cores import thread_limits
from workers.launch import command, environment

TICK = 0.05
_HALF_A_MESSAGE = 10
_WORDS = 1 << 16


class EndedError(Exception):
    """The process has ended, or is about to."""


class Handle:
    """A running child process.

    One thread talks to it; `kill` may be called from any thread at any time.

    Raises
    ------
    OSError
        If no process can be started.
    """

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        # A child killed in mid-message may leave a copy of its end with a process that it forked.
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", _HALF_A_MESSAGE, 0))
        self._words = os.memfd_create("last words")
        try:
            with theirs:
                self._popen = _start(theirs.fileno(), self._words)
        except OSError:
            ours.close()
            os.close(self._words)
            raise
        self._socket = ours
        self._connection = Connection(os.dup(ours.fileno()))
        self._poll = select.poll()
        self._poll.register(ours, select.POLLIN)
        self._lock = threading.Lock()
        self._gone = False

    @property
    def pid(self) -> int:
        """The process id."""
        return self._popen.pid

    def send(self, message: object) -> None:
        """Send a message; raises EndedError where nobody listens."""
        try:
            self._connection.send_bytes(cloudpickle.dumps(message, protocol=5))
        except OSError as error:
            raise EndedError from error

    def receive(self, seconds: float | None) -> Any:
        """Wait for a message; raises EndedError, or TimeoutError after so many seconds."""
        end = math.inf if seconds is None else time.monotonic() + seconds
        exited = False
        while True:
            left = min(TICK, end - time.monotonic())
            if self._poll.poll(max(left, 0) * 1000):
                return self._read()
            if exited:
                raise EndedError
            if left <= 0:
                raise TimeoutError
            exited = self.exited()  # looked at before the last poll: what it said is read first

    def _read(self) -> Any:
        try:
            return pickle.loads(self._connection.recv_bytes())
        except (EOFError, OSError) as error:
            raise EndedError from error

    def exited(self) -> bool:
        """Say whether the process has ended, leaving its return code to be read later."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def kill(self) -> None:
        """End the process, and what it started, at once; does not wait."""
        with self._lock:
            if self._gone:
                return
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)  # wakes who waits for it
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def abort(self) -> None:
        """Ask for last words and the end."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGABRT)

    def finish(self, patience: float) -> tuple[int, str]:
        """Wait a while for the end, enforce it, and return the return code and the last words."""
        end = time.monotonic() + patience
        while not self.exited() and time.monotonic() < end:
            time.sleep(0.002)
        self.kill()
        code = self._popen.wait()
        words = _stacks(os.pread(self._words, _WORDS, 0).decode(errors="replace"))
        self._release()
        return code, words

    def hang_up(self) -> None:
        """Let the process end by itself: nothing more will be asked of it."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _release(self) -> None:
        with self._lock:
            self._gone = True
            self._connection.close()
            self._socket.close()
            os.close(self._words)


def _start(channel: int, words: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command("workers.child", str(channel), str(words), str(os.getpid())),
        env=environment({"PYNEST_QUIET": "1", **thread_limits(1)}),
        stdin=subprocess.DEVNULL,
        pass_fds=(channel, words),
        process_group=0,  # so that what a method starts can be ended with it
    )


def _stacks(words: str) -> str:
    """Keep of what Python writes at a fatal error the stacks of the threads, down to our own program."""
    kept = [line for line in words.splitlines() if line.startswith(("Current thread", "Thread", "  File"))]
    return "\n".join(line for line in kept if __package__ + "/child.py" not in line and "<frozen" not in line)
