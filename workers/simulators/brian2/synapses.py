"""The synapses of a network in Brian2."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from workers.instance import Floats, Ints, Synapses
from workers.simulators.brian2.cells import BrianCells, receiver
from workers.simulators.brian2.code import Call, ready
from workers.simulators.brian2.direct import DirectSynapses
from workers.simulators.brian2.groups import Toolbox, array
from workers.simulators.updates.model import check
from workers.simulators.updates.synapses import KINDS, Kind


class BrianSynapses:
    """The synapses of a projection whose weights do not learn: spikes are handled when they arrive.

    A step pushes the spikes of the step before and then delivers: one step of the delay has passed by then.
    """

    def __init__(self, tools: Toolbox, synapses: Synapses, pre: Any, post: BrianCells) -> None:
        kind = KINDS[synapses.kind]
        receive = post.model.receptors[synapses.receptor].code(kind.sent)
        kind = replace(kind, before=f"{kind.before}\n{receive}")
        self.synapses = connected(tools, synapses, kind, pre, post, {"pre": synapses.delays - 1})
        pathway = self.synapses.pre
        self.deliveries: list[Call] = [pathway.push_spikes, ready(pathway)]
        self.learning: list[Call] = []
        self.updates: list[Call] = []

    @property
    def weights(self) -> Floats:
        """Present weights."""
        weights: Floats = array(self.synapses, "syn_w").copy()
        return weights


class LearningSynapses(BrianSynapses):
    """The synapses of a projection whose weights depend on both sides.

    They sit where the source's spikes begin: the whole delay is dendritic, between synapse and cell body. A
    step handles the target's spikes that have come back to the synapse, then the source's spikes of this very
    step, and puts what these send into a ring of steps to come.
    """

    def __init__(self, tools: Toolbox, synapses: Synapses, pre: Any, post: BrianCells) -> None:
        kind = KINDS[synapses.kind]
        delays = {"pre": np.zeros_like(synapses.delays), "post": synapses.delays}
        self.synapses = connected(tools, synapses, kind, pre, post, delays)
        self._clock = array(tools.clock, "timestep")
        self._delays, self._targets = synapses.delays, synapses.targets
        self._ring = np.zeros((int(synapses.delays.max()) + 1, post.group.N))
        self._receive = receiver(post, synapses.receptor)
        self._w, self._queue = array(self.synapses, "syn_w"), self.synapses.pre.queue
        before, after = self.synapses.pre, self.synapses.post
        self.updates = []
        self.deliveries = [self._deliver]
        self.learning = [
            after.push_spikes,
            ready(after),
            before.push_spikes,
            partial(self._sending, ready(before)),
        ]

    def _sending(self, learn: Call) -> None:
        passed = np.array(self._queue.peek())
        learn()
        if passed.size:
            rows = (self._clock[0] + self._delays[passed]) % len(self._ring)
            np.add.at(self._ring, (rows, self._targets[passed]), self._w[passed])

    def _deliver(self) -> None:
        row = self._ring[self._clock[0] % len(self._ring)]
        self._receive(row)
        row[:] = 0.0


def projected(
    tools: Toolbox, synapses: Synapses, pre: Any, post: BrianCells
) -> BrianSynapses | DirectSynapses:
    """Make the synapses of a projection."""
    check(f"weights of {synapses.name}", synapses.weights)
    for name, values in synapses.parameters.items():
        check(name, values)
    if tools.compiles and synapses.kind == "StaticSynapse" and (synapses.delays == synapses.delays[0]).all():
        return DirectSynapses(synapses, pre, post)
    made = LearningSynapses if KINDS[synapses.kind].after else BrianSynapses
    return made(tools, synapses, pre, post)


def connected(
    tools: Toolbox,
    synapses: Synapses,
    kind: Kind,
    pre: Any,
    post: BrianCells,
    delays: dict[str, Ints],
) -> Any:
    """Brian2's Synapses: `delays` says after how many steps what runs at spikes of either side."""
    constants = kind.coefficients(synapses.parameters, tools.dt)
    own = ("w", *kind.state, *constants)
    same = {side: bool(np.all(steps == steps[0])) for side, steps in delays.items()}
    made = tools.brian.Synapses(
        pre,
        post.group,
        "\n".join(f"syn_{name} : 1" for name in own),
        on_pre=renamed(own, kind.before),
        on_post=renamed(own, kind.after) if kind.after else None,
        delay={side: float(delays[side][0]) * tools.brian.second for side in delays if same[side]},
        clock=tools.clock,
        name=f"{synapses.kind}_{synapses.receptor}",
        namespace=tools.functions,
        codeobj_class=tools.code,
    )
    _connect(made, synapses)
    values: dict[str, Floats | float] = {"w": synapses.weights, **constants}
    values |= {n: values[v] if isinstance(v, str) else v for n, v in kind.state.items()}
    for name, value in values.items():
        array(made, f"syn_{name}")[:] = value
    for side, steps in delays.items():
        pathway = getattr(made, side)
        array(pathway, "delay")[:] = steps[:1] if same[side] else steps
        pathway.initialise_queue()
    return made


def _connect(made: Any, synapses: Synapses) -> None:
    """Do what Brian2's `connect` does with arrays, without code that is made for it."""
    made._connect_called = True
    made._resize(len(synapses.sources))
    array(made, "_synaptic_pre")[:] = synapses.sources
    array(made, "_synaptic_post")[:] = synapses.targets


def renamed(names: Sequence[str], code: str) -> str:
    """Rename what belongs to the synapse: neurons may have variables of the same names."""
    return re.sub(rf"\b({'|'.join(names)})\b", r"syn_\1", code)
