"""GeNN itself, and the code that it compiles, in a cache of our own."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hardware import gpus
from workers.simulators.compiled import cache, locked, make_writable

# GeNN's own choice is -O0, or -O3 -ffast-math, which changes results; so would fused multiply-adds.
_CPU_FLAGS = "-O2 -ffp-contract=off"
_CUDA_FLAGS = "-O3 -fmad=false"
_CUDA, _CPU = "cuda", "single_threaded_cpu"
_SIZES = "sizes.json"


def imported() -> Any:
    """Return GeNN's Python package."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import pygenn

    return pygenn


def backends() -> list[str]:
    """Name the backends that GeNN was installed with and that can run here, the fastest first."""
    from pygenn.genn_model import backend_modules

    usable = [_CUDA, _CPU] if gpus.capabilities() else [_CPU]
    return [name for name in usable if name in backend_modules]


class Shelf:
    """The compiled code of networks that differ in sizes only; each is there whole or not at all.

    Parameters
    ----------
    family : str
        All that the code depends on but sizes.
    backend : str
    """

    def __init__(self, family: str, backend: str) -> None:
        self._root = folder(backend) / _digest(family)

    def sizes(self) -> list[tuple[int, ...]]:
        """Return the sizes that it was compiled for."""
        return [tuple(json.loads(file.read_text())) for file in self._root.glob(f"*/{_SIZES}")]

    def place(self, sizes: Sequence[int]) -> Path:
        """Return the folder of the code for some sizes."""
        return self._root / _digest(repr(tuple(sizes)))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from adding to it: they wait, and may find what serves them too."""
        make_writable(self._root, "simulator 'genn' compiles networks")
        with locked(self._root / "lock"):
            yield

    def add(self, sizes: Sequence[int], make: Callable[[str], object]) -> None:
        """Have code for some sizes generated and compiled in a folder."""
        _compile(self.place(sizes), json.dumps(sizes), make)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def folder(backend: str) -> Path:
    """Return where the code of this GeNN, compiler, backend and, if it is on one, GPU is kept."""
    parts = [backend, _CPU_FLAGS, _CUDA_FLAGS, _compiler(), platform.machine(), *platform.libc_ver()]
    parts += gpus.capabilities() if backend == _CUDA else []
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=4).hexdigest()
    return cache() / f"genn-{imported().__version__}-{digest}"


def _compiler() -> str:
    return os.environ.get("CXX") or "g++"


def _compile(place: Path, sizes: str, make: Callable[[str], object]) -> None:
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
        (work / _SIZES).write_text(sizes)
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
