"""Amounts as people write them for a batch system, with their units."""

from __future__ import annotations

import math
import re

_BYTES = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_MEMORY = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT]i?)B")
_TIME = re.compile(r"(?:(\d+)-)?(\d{1,3}):([0-5]\d):([0-5]\d)")


def mebibytes(text: str) -> int:
    """Read an amount of memory such as "4GB" or "500MiB", as whole MiB, rounded up.

    Raises
    ------
    ValueError
        If it is not a number with a unit.
    """
    found = _MEMORY.fullmatch(text) if isinstance(text, str) else None
    amount = 0.0 if found is None else float(found[1]) * _BYTES[found[2]]
    if found is None or amount <= 0:
        raise ValueError(f"memory={text!r}; expected a number and its unit, such as '4GB' or '500MiB'")
    return math.ceil(amount / 2**20)


def seconds(text: str) -> int:
    """Read a time such as "01:00:00" or "2-12:00:00" (days-hours:minutes:seconds).

    Raises
    ------
    ValueError
        If it is anything else: of "90" nobody knows whether it is minutes or seconds.
    """
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    days, hours, minutes, rest = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    total = ((24 * days + hours) * 60 + minutes) * 60 + rest
    if total == 0:
        raise ValueError(
            f"walltime={text!r}; expected hours, minutes and seconds, such as '01:00:00', or with days "
            "'2-12:00:00'"
        )
    return total
