"""What machine this is, in words."""

from __future__ import annotations

import os
import platform
import socket
from functools import cache
from pathlib import Path


def node_name() -> str:
    """Return the name by which a batch system knows this machine, or else the machine's own."""
    of_sge = os.environ.get("HOSTNAME") if "SGE_TASK_ID" in os.environ else None
    return os.environ.get("SLURMD_NODENAME") or of_sge or socket.gethostname()


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
