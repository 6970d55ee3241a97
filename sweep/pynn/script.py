"""Running a PyNN script as it is, with its simulator replaced."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pyNN
from pyNN import utility
from pyNN.utility import script_tools

import sweep.pynn
from sweep.pynn.refusal import NotCoveredError
from sweep.pynn.state import state
from workers.simulators import adapter, is_installed, start
from workers.simulators.pynn_ import Pynn

OURS = "sweep.pynn"
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
    for name in SIMULATORS | {f"pyNN.{ALIAS}"}:  # for import_module("pyNN.%s" % name) and the like
        sys.modules[name] = sweep.pynn
        setattr(pyNN, name.removeprefix("pyNN."), sweep.pynn)
    utility.get_simulator = _serving(script_tools.get_simulator, simulator)
    utility.get_script_args = _naming(script_tools.get_script_args)
    main = ModuleType("__main__")
    main.__file__ = str(path)
    sys.modules["__main__"] = main  # so that what the script defines can be sent to workers
    sys.argv = [str(path), *arguments]
    sys.path.insert(0, str(path.resolve().parent))
    tree = ast.fix_missing_locations(_Imports().visit(ast.parse(path.read_text(), str(path))))
    exec(compile(tree, str(path), "exec"), main.__dict__)


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


class _Imports(ast.NodeTransformer):
    """Import our module where the script imports a simulator of PyNN."""

    def visit_Import(self, node: ast.Import) -> ast.Import:
        for alias in node.names:
            if alias.name in SIMULATORS:
                if alias.asname is None:
                    raise NotCoveredError(f"import {alias.name}", f"write import {alias.name} as sim")
                alias.name = OURS
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | list[ast.stmt]:
        simulator, _, within = str(node.module).removeprefix("pyNN.").partition(".")
        if f"pyNN.{simulator}" in SIMULATORS:
            node.module = f"{OURS}.{within}" if within else OURS  # what is not there is an ImportError
        if node.module != "pyNN":
            return node
        chosen = [a for a in node.names if f"pyNN.{a.name}" in SIMULATORS]
        others = [a for a in node.names if a not in chosen]
        made: list[ast.stmt] = [ast.Import([ast.alias(OURS, a.asname or a.name)]) for a in chosen]
        return made + ([ast.ImportFrom("pyNN", others, 0)] if others else [])
