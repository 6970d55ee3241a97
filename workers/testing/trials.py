"""Trials: what a reset draws anew."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from workers.draw import draw, redrawn
from workers.fuse import fuse
from workers.instance import Floats, Instance, Spikes
from workers.keys import Key
from workers.network import (
    Description,
    IF_curr_exp,
    Injection,
    Model,
    Monitor,
    Neuron,
    NoisyCurrentSource,
    PoissonInput,
    PoissonPopulation,
    Population,
    Projection,
)
from workers.outcome import Timings
from workers.session import Session
from workers.testing.base import Tested
from workers.testing.networks import recorded

SIZE = 5
KEY = Key(7, 3)


def _described(model: type[Model], add: Callable[[Population], object]) -> Description:
    with Description(dt=0.1) as net:
        cells = Population(SIZE, model, name="cells")
        add(cells)
        Monitor(cells, "v", name="v")
    return net


def _noisy() -> type[Model]:
    return Neuron(equations="dv/dt = -0.1*v + Normal(0.0, 1.0) + Uniform(-1.0, 1.0)", spike="v > 1e6")


def _from_sources(cells: Population) -> None:
    sources = PoissonPopulation(SIZE, rates=400.0, name="sources")
    Projection(sources, cells, "exc", name="wiring").connect_one_to_one(weights=0.5)


KINDS: dict[str, tuple[Callable[[], type[Model]], Callable[[Population], object]]] = {
    "PoissonPopulation": (lambda: IF_curr_exp, _from_sources),
    "Injection": (lambda: IF_curr_exp, lambda cells: Injection(cells, NoisyCurrentSource(stdev=0.2))),
    "PoissonInput": (lambda: IF_curr_exp, lambda cells: PoissonInput(cells, rate=400.0, weight=0.5)),
    "noise in equations": (_noisy, lambda cells: None),
}


class TrialTests(Tested):
    """After a reset a network is in its next trial."""

    @pytest.mark.parametrize("what", KINDS)
    def test_trials_differ_and_each_is_the_same_bits_whenever_it_is_run(self, what: str) -> None:
        self._claims(what)
        model, add = KINDS[what]
        net = _described(model(), add)
        one, other = self._trials(net, (100, 100, 100)), self._trials(net, (30, 1, 100))
        assert len(set(one)) == 3
        assert one[2] == other[2], "what was simulated before a reset changes the trials after it"
        assert other[0] == self._trials(net, (30,))[0]

    @pytest.mark.parametrize("what", ["PoissonInput", "noise in equations"])
    def test_fused_networks_draw_in_each_trial_what_they_draw_apart(self, what: str) -> None:
        self._claims(what)
        if not (self.claimed.fuses and self.claimed.keyed):
            pytest.skip(f"simulator {self.simulator!r} does not fuse what it draws")
        model, add = KINDS[what]
        net = _described(model(), add)
        keys = [Key(7, i) for i in range(3)]
        networks = [redrawn(draw(net, k), k, trial) for trial, k in enumerate(keys)]
        alone = [self._v(n) for n in networks]
        assert np.array_equal(self._v(fuse(networks)), np.hstack(alone))
        assert not np.array_equal(alone[1], self._v(draw(net, keys[1])))

    def _claims(self, what: str) -> None:
        self.needs(
            *{"PoissonPopulation": ["IF_curr_exp"], "noise in equations": [what]}.get(
                what, [what, "IF_curr_exp"]
            )
        )

    def _trials(self, net: Description, durations: tuple[int, ...]) -> list[bytes]:
        """Return what is recorded of consecutive trials of so many steps."""
        session, found = Session(net, KEY, self.make(), Timings()), []
        for trial, steps in enumerate(durations):
            if trial:
                session.reset()
            session.advance(steps)
            found.append(session.trace(session.instance.traces[0]).tobytes())
        return found

    def _v(self, network: Instance) -> Floats:
        return recorded(self.built(network), network, Spikes.none(), [60])[1][0]
