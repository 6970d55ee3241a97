"""A Job as bytes, in two stages: what is needed to open it lies in front of it."""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import cloudpickle

from workers.edited import versions
from workers.task import Job


class Label(NamedTuple):
    """What is known of a packed Job without opening it.

    Attributes
    ----------
    seed : int
        The sweep's seed.
    path : tuple of str
        Where modules are looked for.
    folder : str
        The client's working directory.
    fuse : int
        How many networks run as one.
    versions : str
        Of the person's modules: what is packed after one was edited is another Job.
    """

    seed: int
    path: tuple[str, ...]
    folder: str
    fuse: int
    versions: str


_LENGTH = 4


def pack(job: Job) -> bytes:
    """Turn a Job into bytes that `unpack` opens in any process."""
    path = tuple(os.path.abspath(p) for p in job.path)  # noqa: PTH100
    label = pickle.dumps((job.seed, path, str(Path.cwd()), job.fuse, versions()))
    inner: bytes = cloudpickle.dumps(job)
    return len(label).to_bytes(_LENGTH, "big") + label + inner


def label_of(blob: bytes) -> Label:
    """Read the label of a packed Job; nothing of the person's is imported."""
    return Label(*pickle.loads(memoryview(blob)[_LENGTH:]))


def key_of(blob: bytes) -> str:
    """Return the key of a packed Job: equal bytes, equal key."""
    return hashlib.blake2b(blob, digest_size=16).hexdigest()


def extend_path(path: Iterable[str]) -> None:
    """Append what is missing to sys.path."""
    sys.path.extend(p for p in dict.fromkeys(path) if p not in sys.path)


def unpack(blob: bytes) -> Job:
    """Open a packed Job, after making its modules findable. Raises whatever the opening raises."""
    extend_path(label_of(blob).path)
    start = _LENGTH + int.from_bytes(blob[:_LENGTH], "big")
    job = pickle.loads(memoryview(blob)[start:])
    if not isinstance(job, Job):
        raise TypeError(f"expected a Job, not {type(job).__name__}")
    return job
