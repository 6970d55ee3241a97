"""Listening ports, and whether they hear somebody without credentials."""

from __future__ import annotations

import contextlib
import socket
import ssl
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import psutil

from cluster.credentials import Credentials


def listening(processes: list[psutil.Process]) -> list[tuple[str, int]]:
    found = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):  # a network's ends now and then
            found += [
                (c.laddr[0], c.laddr[1])
                for c in process.net_connections("inet")
                if c.status == psutil.CONN_LISTEN
            ]
    return found


def answer(address: tuple[str, int], wrap: Callable[[socket.socket], socket.socket]) -> bytes:
    """Return what somebody says to a stranger; that somebody listens is not in question."""
    plain = socket.create_connection(address, timeout=5)
    try:
        with plain, wrap(plain) as stream:
            stream.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return stream.recv(1000)
    except OSError:
        return b""


def without_certificate(plain: socket.socket) -> socket.socket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain)


def with_another_certificate(plain: socket.socket) -> socket.socket:
    return _of_another_cluster().wrap_socket(plain)


@cache
def _of_another_cluster() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with tempfile.TemporaryDirectory() as folder:
        made = Credentials.made(Path(folder))
        context.load_cert_chain(made.certificate, made.key)
    return context


def refuses_strangers(address: tuple[str, int]) -> bool:
    heard = [answer(address, wrap) for wrap in (without_certificate, with_another_certificate)]
    return b"HTTP" not in answer(address, lambda s: s) and heard == [b"", b""]
