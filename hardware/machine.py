"""What machine this is, in words."""

from __future__ import annotations

import platform
import socket
from functools import cache
from pathlib import Path


@cache
def this_machine() -> str:
    """Return the name of this machine and of its processor."""
    return f"{socket.gethostname()}, {_processor(Path('/proc/cpuinfo')) or platform.machine()}"


def _processor(table: Path) -> str:
    try:
        lines = table.read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
