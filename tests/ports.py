"""Listening ports, and whether they hear somebody without credentials."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

import psutil


def listening(processes: list[psutil.Process]) -> list[tuple[str, int]]:
    return [
        (c.laddr[0], c.laddr[1])
        for p in processes
        for c in p.net_connections("inet")
        if c.status == psutil.CONN_LISTEN
    ]


def answer(address: tuple[str, int], wrap: Callable[[socket.socket], socket.socket]) -> bytes:
    try:
        with socket.create_connection(address, timeout=2) as plain, wrap(plain) as stream:
            stream.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return stream.recv(1000)
    except OSError:
        return b""


def without_certificate(plain: socket.socket) -> socket.socket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain)


def refuses_strangers(address: tuple[str, int]) -> bool:
    return b"HTTP" not in answer(address, lambda s: s) and answer(address, without_certificate) == b""
