"""The address at which others reach this machine."""

from __future__ import annotations

LOOPBACK = "127.0.0.1"


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
