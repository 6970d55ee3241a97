"""GeNN itself, and the code that it compiles: once for each structure, in a cache of our own."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workers.simulators.compiled import cache, locked, make_writable

# GeNN's own choice is -O0, or -O3 -ffast-math, which changes results; so would fused multiply-adds.
_CPU_FLAGS = "-O2 -ffp-contract=off"
_CUDA_FLAGS = "-O3 -fmad=false"


def imported() -> Any:
    """Return GeNN's Python package."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import pygenn

    return pygenn


def backends() -> list[str]:
    """Name the backends that GeNN was installed with, the fastest first."""
    from pygenn.genn_model import backend_modules

    return list(backend_modules)


def compiled(structure: str, backend: str, make: Callable[[str], object]) -> str:
    """Return the folder of a model's compiled code, which is there whole or not at all.

    Parameters
    ----------
    structure : str
        All that the code depends on.
    backend : str
    make : function
        Generates and compiles the code in a folder.
    """
    root = folder(backend)
    place = root / hashlib.blake2b(structure.encode(), digest_size=16).hexdigest()
    if not place.exists():
        make_writable(root, "simulator 'genn' compiles networks")
        with locked(place.with_suffix(".lock")):  # others wait, and find it done
            if not place.exists():
                _compile(place, make)
    return str(place)


def folder(backend: str) -> Path:
    """Return where the code of this GeNN, compiler and backend is kept."""
    parts = (backend, _CPU_FLAGS, _CUDA_FLAGS, _compiler(), platform.machine(), *platform.libc_ver())
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=4).hexdigest()
    return cache() / f"genn-{imported().__version__}-{digest}"


def _compiler() -> str:
    return os.environ.get("CXX") or "g++"


def _compile(place: Path, make: Callable[[str], object]) -> None:
    for tool in (_compiler().split()[0], "make"):
        if shutil.which(tool) is None:
            raise RuntimeError(f"simulator 'genn' compiles networks, and finds no {tool}")
    with tempfile.TemporaryDirectory(dir=place.parent) as parent:
        work = Path(parent) / "work"
        work.mkdir()
        with _environment(
            CXX=f"{_compiler()} {_CPU_FLAGS}",
            NVCC_APPEND_FLAGS=_CUDA_FLAGS,
            MAKEFLAGS="s --no-print-directory",
        ):
            try:
                make(str(work))
            except subprocess.CalledProcessError as error:
                raise RuntimeError(
                    f"simulator 'genn': what it generated cannot be compiled with {_compiler()}; "
                    "the messages above say why"
                ) from error
        work.rename(place)


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
