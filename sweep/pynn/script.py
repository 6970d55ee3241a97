"""Running a PyNN script as it is, with its simulator replaced."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pyNN
from pyNN import utility
from pyNN.utility import script_tools

import sweep.pynn
from sweep.pynn.state import state
from workers.simulators import adapter, is_installed, start
from workers.simulators.pynn_ import Pynn

ALIAS = "sweep"
SIMULATORS = {f"pyNN.{name}" for name in ("nest", "neuron", "brian2", "brian", "arbor", "mock", "spiNNaker")}


def run_script(path: Path, simulator: str, arguments: Sequence[str] = ()) -> None:
    """Run a PyNN script on one of our simulators.

    Where it imports a simulator of PyNN, or asks `get_simulator` or `get_script_args` for one, it gets
    `sweep.pynn`.

    Parameters
    ----------
    path : Path
    simulator : str
        What `run` runs on, such as "nest".
    arguments : sequence of str
        The script's own arguments, without the name of a simulator, which comes first in many.
    """
    state.default_simulator = state.simulator = simulator
    if issubclass(adapter(simulator), Pynn) and is_installed(adapter(simulator)):
        start(simulator)  # while it still finds in PyNN what it needs itself
    for name in SIMULATORS | {f"pyNN.{ALIAS}"}:  # which an import finds, however it is written
        sys.modules[name] = sweep.pynn
        setattr(pyNN, name.removeprefix("pyNN."), sweep.pynn)
    utility.get_simulator = _serving(script_tools.get_simulator, simulator)
    utility.get_script_args = _naming(script_tools.get_script_args)
    main = ModuleType("__main__")
    main.__file__ = str(path)
    sys.modules["__main__"] = main  # so that what the script defines can be sent to workers
    sys.argv = [str(path), *arguments]
    sys.path.insert(0, str(path.resolve().parent))
    exec(compile(path.read_bytes(), str(path), "exec"), main.__dict__)


def _naming(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap what reads the name of a simulator from the command line: it finds that of ours in PyNN."""

    def named(*given: Any, **options: Any) -> Any:
        sys.argv.insert(1, ALIAS)
        try:
            return original(*given, **options)
        finally:
            del sys.argv[1]

    return named


def _serving(original: Callable[..., Any], simulator: str) -> Callable[..., Any]:
    """Wrap PyNN's `get_simulator`; its options say what the script runs on."""

    def get_simulator(*arguments: Any) -> tuple[ModuleType, Any]:
        sim, options = _naming(original)(*arguments)
        options.simulator = simulator
        return sim, options

    return get_simulator
