"""The address at which others reach this machine."""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"


def reach(address: str, seconds: float) -> None:
    """See whether somebody listens at an address such as "tls://host:8786".

    Raises
    ------
    OSError
        If nobody does, or it takes too long.
    """
    host, port = address.rpartition("://")[2].rsplit(":", 1)
    socket.create_connection((host.strip("[]"), int(port)), seconds).close()


def own_address(interface: str | None) -> str:
    """Return this machine's address on a network, or on that which leads out of it.

    Raises
    ------
    ValueError
        If there is no such interface.
    """
    from distributed.utils import get_ip, get_ip_interface

    if interface is None:
        return str(get_ip())
    try:
        return str(get_ip_interface(interface))
    except (KeyError, ValueError) as error:
        text = f"interface={interface!r} is none of this machine's with an address: {error}"
        raise ValueError(text) from None
