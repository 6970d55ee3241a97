"""What a sweep runs, packed for the workers of each simulator."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle

from workers import parcel, simulators
from workers.live import Network
from workers.network import Population
from workers.task import Job


@dataclass(frozen=True)
class Packer:
    """Packs the jobs of a sweep.

    Attributes
    ----------
    method : callable
    networks : tuple of Network
    seed : int
    fuse : int or "auto"
        As `parallel_run` was given them.
    """

    method: Callable[..., Any]
    networks: Sequence[Network]
    seed: int
    fuse: Any

    def width(self, simulator: str) -> int:
        """Return how many networks to run as one.

        Raises
        ------
        ValueError
            `fuse` is no number of networks.
        """
        fuse = self.fuse
        if fuse == "auto":
            neurons = max(sum(p.size for p in network.of(Population)) for network in self.networks)
            fitting = simulators.adapter(simulator).fuses // max(1, neurons)
            return max(1, fitting) if len(self.networks) == 1 else 1
        if isinstance(fuse, bool) or not isinstance(fuse, int) or fuse < 1:
            raise ValueError(f"fuse={fuse!r}; expected 'auto', or how many networks to run as one")
        return fuse

    def pack(self, simulator: str, width: int | None = None, stride: int = 1) -> bytes:
        """Pack the job for one simulator, with a width of fusing other than its own if one is given.

        Raises
        ------
        TypeError
            The method refers to something that cannot be sent.
        """
        path = tuple(p or str(Path.cwd()) for p in sys.path)
        fuse = self.width(simulator) if width is None else width
        job = Job(self.method, tuple(self.networks), simulator, self.seed, path, fuse, stride)
        with _by_value(self.method):
            try:
                return parcel.pack(job)
            except Exception as error:
                raise TypeError(
                    f"the method {self.method!r} cannot be sent to the workers, because of something that it "
                    f"refers to: {error}; make that inside the method"
                ) from error


@contextmanager
def _by_value(method: Callable[..., Any]) -> Iterator[None]:
    """Have a method of a script or a module pickled whole: workers never import the person's script."""
    while isinstance(method, functools.partial):  # its own module is functools
        method = method.func
    module = sys.modules.get(getattr(method, "__module__", None) or "__main__")
    if module is None or module.__name__ == "__main__" or module.__name__ in _by_value_already():
        yield
        return
    cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(module)


def _by_value_already() -> set[str]:
    return set(cloudpickle.list_registry_pickle_by_value())
