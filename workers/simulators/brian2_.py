"""Brian2 as a simulator."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import shlex
import shutil
import signal
import sys
import sysconfig
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from workers.instance import Cells, Floats, Instance, Sources, Spikes, Synapses, Trace
from workers.simulators.base import NO_CURRENTS, Simulator
from workers.simulators.brian2_models import MODELS, Model, check

# Portable, and exact in the same way everywhere: no -march=native, no -ffast-math.
_GCC_FLAGS = ["-w", "-O3", "-ffp-contract=off"]
_MSVC_FLAGS = ["/w", "/O2", "/fp:precise"]


class Brian2(Simulator):
    """Brian2, with compiled code where there is a C++ compiler and with numpy where there is none.

    The parts of a network are Brian2's; the loop over the steps is ours: `brian2.Network.run` generates all
    code anew on every call, which costs more than a short run, and forgets spikes of a run's last step.
    Objects are named by what they are and not by their place, so that a model is compiled once for all
    networks.

    Parameters
    ----------
    target : {"cython", "numpy"}, optional
        How the code is run; both give the same results.
    """

    name: ClassVar[str] = "brian2"
    module: ClassVar[str] = "brian2"
    install: ClassVar[str] = "pip install brian2"
    models: ClassVar[frozenset[str]] = frozenset(MODELS)

    def __init__(self, target: str | None = None) -> None:
        self._brian = _imported()
        _set_preferences(self._brian)
        with _quiet():
            self._code = _code_class(target)

    def build(self, instance: Instance) -> None:
        with _quiet():
            self._build(instance)

    def _build(self, instance: Instance) -> None:
        self._step = 0
        clock = self._brian.Clock(self._brian.second, name="steps")
        self._populations = [self._population(p, instance.dt, clock) for p in instance.populations]
        pathways = [self._pathway(s, clock) for s in instance.projections if s.sources.size]
        # Nothing is run by it: Brian2 warns of objects that are in no Network.
        self._network = self._brian.Network(
            [p.group for p in self._populations], [p.synapses for p in pathways], name="network"
        )
        self._spikes = {i: _SpikeRecorder(self._cells(i)) for i in instance.spikes}
        self._traces = {t: _TraceRecorder(self._cells(t.population), t) for t in instance.traces}
        cells = [p for p in self._populations if isinstance(p, _Cells)]
        deliveries = [call for p in pathways for call in (p.push, p.deliver)]
        self._calls = [*(c.update for c in cells), *deliveries, *(c.threshold for c in cells)]
        self._resets = [c.reset for c in cells]

    def _population(self, population: Cells | Sources, dt: float, clock: Any) -> _Cells | _Sources:
        if isinstance(population, Cells):
            return _Cells(self._brian, population, dt, clock, self._code)
        return _Sources(self._brian, population, clock, self._code)

    def _pathway(self, synapses: Synapses, clock: Any) -> _Pathway:
        pre = self._populations[synapses.pre].group
        return _Pathway(self._brian, synapses, pre, self._cells(synapses.post), clock, self._code)

    def run(
        self, steps: int, stimuli: Mapping[int, Spikes], currents: Mapping[int, Floats] = NO_CURRENTS
    ) -> None:
        first, last = self._step + 1, self._step + steps
        sources = [(i, p) for i, p in enumerate(self._populations) if isinstance(p, _Sources)]
        emits = [p.emitter(stimuli.get(i, Spikes.none()), first, last) for i, p in sources]
        recorders: list[_SpikeRecorder | _TraceRecorder] = [*self._spikes.values(), *self._traces.values()]
        for recorder in recorders:
            recorder.start(first, last)
        for step in range(first, last + 1):
            for call in self._calls:
                call()
            for emit in emits:
                emit(step)
            for call in self._resets:
                call()
            for recorder in recorders:
                recorder.sample(step)
        self._step = last

    def spikes(self, population: int) -> Spikes:
        return self._spikes[population].spikes()

    def trace(self, trace: Trace) -> Floats:
        return self._traces[trace].samples

    def get(self, population: int, variable: str) -> Floats:
        return self._cells(population).get(variable)

    def set(self, population: int, name: str, values: Floats) -> None:
        self._cells(population).set(name, values)

    def _cells(self, population: int) -> _Cells:
        cells = self._populations[population]
        if not isinstance(cells, _Cells):
            raise ValueError(f"population {population} has no neurons, only told spikes")
        return cells


class _Cells:
    """A population of neurons in Brian2."""

    def __init__(self, brian: Any, cells: Cells, dt: float, clock: Any, code: Any) -> None:
        self.model: Model = MODELS[cells.model]
        self._dt = dt
        self._parameters = {name: np.array(values, float) for name, values in cells.parameters.items()}
        for name, values in self._parameters.items():
            check(name, values)
        constants = self.model.coefficients(self._parameters, dt)
        names = (*self.model.variables, "left", *constants)
        self.group = _group(brian, cells.model, cells.size, names, self.model, clock, code)
        update = self.group.run_regularly(
            self.model.update, clock=clock, name=f"{cells.model}_update", codeobj_class=code
        )
        self.update = _ready(update)
        self.threshold = _ready(self.group.thresholder["spike"])
        self.reset = _ready(self.group.resetter["spike"])
        self._write(constants)
        for name, values in cells.state.items():
            self.set(name, values)

    def array(self, variable: str) -> Floats:
        """The values themselves, not a copy."""
        values: Floats = self.group.variables[variable].get_value()
        return values

    def get(self, name: str) -> Floats:
        values = self.array(name) if name in self.model.variables else self._parameters[name]
        return values.copy()

    def set(self, name: str, values: Floats) -> None:
        check(name, values)
        if name in self.model.variables:
            self._write({name: values})
            return
        self._parameters[name][:] = values
        self._write(self.model.coefficients(self._parameters, self._dt))

    def _write(self, values: Mapping[str, Floats]) -> None:
        for name, array in values.items():
            self.array(name)[:] = array


class _Sources:
    """A population that fires as told: a group without code, whose list of spikes we write."""

    def __init__(self, brian: Any, sources: Sources, clock: Any, code: Any) -> None:
        self.group = brian.NeuronGroup(
            sources.size,
            "",
            threshold="False",
            reset="",
            clock=clock,
            name="sources",
            namespace={},
            codeobj_class=code,
        )
        self._fired = _fired(self.group)

    def emitter(self, spikes: Spikes, first: int, last: int) -> Callable[[int], None]:
        """What fires the spikes of one step."""
        if spikes.steps.size and not first <= spikes.steps[0] <= spikes.steps[-1] <= last:
            raise ValueError(f"stimuli outside of this run's steps {first} to {last}")
        ends = np.searchsorted(spikes.steps, np.arange(first - 1, last + 1), side="right").tolist()
        fired, ranks = self._fired, spikes.ranks.astype(np.int32)

        def emit(step: int) -> None:
            start, end = ends[step - first], ends[step - first + 1]
            fired[: end - start] = ranks[start:end]
            fired[-1] = end - start

        return emit


class _Pathway:
    """The synapses of a projection.

    A step pushes the spikes of the step before and then delivers: one step of the delay has passed by then.
    """

    def __init__(self, brian: Any, synapses: Synapses, pre: Any, post: _Cells, clock: Any, code: Any) -> None:
        check(f"weights of {synapses.name}", synapses.weights)
        delays = (synapses.delays - 1).astype(float)
        same = bool((delays == delays[0]).all())
        self.synapses = brian.Synapses(
            pre,
            post.group,
            "w : 1",
            on_pre=post.model.receptors[synapses.receptor],
            delay=delays[0] * brian.second if same else None,
            clock=clock,
            name=f"synapses_{synapses.receptor}",
            namespace={},
            codeobj_class=code,
        )
        self.synapses.connect(i=synapses.sources, j=synapses.targets)
        self.synapses.variables["w"].get_value()[:] = synapses.weights
        pathway = self.synapses.pre
        pathway.variables["delay"].get_value()[:] = delays[:1] if same else delays
        pathway.initialise_queue()
        self.push: Callable[[], object] = pathway.push_spikes
        self.deliver: Callable[[], object] = pathway.create_default_code_object({})


class _SpikeRecorder:
    def __init__(self, cells: _Cells) -> None:
        self._fired = _fired(cells.group)
        self.start(1, 0)

    def start(self, first: int, last: int) -> None:
        self._steps: list[int] = []
        self._ranks: list[NDArray[np.int32]] = []

    def sample(self, step: int) -> None:
        number = self._fired[-1]
        if number:
            self._steps.append(step)
            self._ranks.append(self._fired[:number].copy())

    def spikes(self) -> Spikes:
        if not self._steps:
            return Spikes.none()
        steps = np.repeat(np.array(self._steps, np.int64), [r.size for r in self._ranks])
        return Spikes(steps, np.concatenate(self._ranks).astype(np.int64))


class _TraceRecorder:
    def __init__(self, cells: _Cells, trace: Trace) -> None:
        self._values = cells.array(trace.variable)
        self._period = trace.period
        self.start(1, 0)

    def start(self, first: int, last: int) -> None:
        self._before = (first - 1) // self._period + 1
        self.samples: Floats = np.empty((last // self._period + 1 - self._before, self._values.size))

    def sample(self, step: int) -> None:
        if step % self._period == 0:
            self.samples[step // self._period - self._before] = self._values


def _group(
    brian: Any, name: str, size: int, variables: tuple[str, ...], model: Model, clock: Any, code: Any
) -> Any:
    return brian.NeuronGroup(
        size,
        "\n".join(f"{variable} : 1" for variable in variables),
        threshold=model.threshold,
        reset=model.reset,
        clock=clock,
        name=name,
        namespace={},
        codeobj_class=code,
    )


def _ready(runner: Any) -> Callable[[], object]:
    runner.before_run({})
    code: Callable[[], object] = runner.codeobj
    return code


def _fired(group: Any) -> NDArray[np.int32]:
    """Brian2's list of the neurons that fire in this step; its last element is their number."""
    fired: NDArray[np.int32] = group.variables["_spikespace"].get_value()
    return fired


def _imported() -> Any:
    if "brian2" in sys.modules:
        return sys.modules["brian2"]
    with _undisturbed(), _quiet():
        import brian2

        _silence(brian2)
    return brian2


@contextmanager
def _quiet() -> Iterator[None]:
    """Brian2 calls what other packages have deprecated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Undo what importing Brian2 does to the process: it logs, and takes over warnings, errors and Ctrl-C."""
    hook, interrupt, disabled = sys.excepthook, signal.getsignal(signal.SIGINT), logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(disabled)
        logging.captureWarnings(False)
        signal.signal(signal.SIGINT, interrupt)
        sys.excepthook = hook


def _silence(brian: Any) -> None:
    """Stop Brian2's log and remove the files that it has begun."""
    logger = brian.BrianLogger
    brian.prefs["logging.file_log"] = False
    brian.prefs["logging.save_script"] = False
    if logger.file_handler is not None:
        logging.getLogger("brian2").removeHandler(logger.file_handler)
        logger.file_handler.close()
        logger.file_handler = None
    for path in filter(None, (logger.tmp_log, logger.tmp_script)):
        Path(path).unlink(missing_ok=True)
    logger.tmp_log = logger.tmp_script = None
    logging.getLogger("brian2").setLevel(logging.ERROR)


def _set_preferences(brian: Any) -> None:
    prefs = brian.prefs
    prefs["codegen.runtime.cython.cache_dir"] = str(_cache(brian.__version__))
    prefs["codegen.cpp.extra_compile_args_gcc"] = _GCC_FLAGS
    prefs["codegen.cpp.extra_compile_args_msvc"] = _MSVC_FLAGS
    prefs["codegen.loop_invariant_optimisations"] = False  # it reorders arithmetic


def _cache(version: str) -> Path:
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    flags = repr((_GCC_FLAGS, _MSVC_FLAGS, sys.platform, platform.machine()))
    digest = hashlib.blake2b(flags.encode(), digest_size=4).hexdigest()
    python = ".".join(map(str, sys.version_info[:2]))
    return root / "neurosweep" / f"brian2-{version}-py{python}-{digest}"


def _code_class(target: str | None) -> Any:
    from brian2.codegen.runtime.cython_rt import CythonCodeObject
    from brian2.codegen.runtime.numpy_rt import NumpyCodeObject

    classes = {"cython": CythonCodeObject, "numpy": NumpyCodeObject}
    if target is not None:
        return classes[target]
    return CythonCodeObject if _compiler() and CythonCodeObject.is_available() else NumpyCodeObject


def _compiler() -> bool:
    if sys.platform == "win32":
        return True  # found by the trial compilation, not by a path
    command = os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "c++"
    return shutil.which(shlex.split(command)[0]) is not None
