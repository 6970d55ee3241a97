"""Replaces files at one stroke: a reader finds what was there, or what is there now."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from workers.spool import sync_folder

PARTIAL = ".partial"
"""How the name of a file ends that is not finished."""


def replace(path: Path, content: bytes, durable: bool = False) -> None:
    """Replace a file by another; its folder is made where there is none."""
    draft = path.with_name(f".{path.name}{PARTIAL}")
    try:
        file = draft.open("wb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = draft.open("wb")
    with file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    draft.replace(path)
    if durable:
        sync_folder(path.parent)


def replace_json(path: Path, content: Any, durable: bool = False) -> None:
    """Replace a file by one that holds JSON."""
    replace(path, json.dumps(content).encode(), durable)
