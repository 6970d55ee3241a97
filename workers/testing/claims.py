"""What an adapter says that it has."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from workers import network, simulators
from workers.network import (
    DCSource,
    Description,
    Monitor,
    PoissonInput,
    Population,
    Projection,
    StaticSynapse,
)
from workers.testing.base import Tested
from workers.testing.networks import MODELS

FEATURES = {"TsodyksMarkramSynapse", "AdditiveSTDP", "MultiplicativeSTDP", "Injection", "PoissonInput"}


class ClaimTests(Tested):
    """The adapter is found, and what it lacks is refused by name before anything runs."""

    def test_the_adapter_is_found_by_its_name(self) -> None:
        adapter = simulators.adapter(self.simulator)
        assert adapter.name == self.simulator
        assert adapter.install
        assert find_spec(adapter.module) is not None
        assert isinstance(self.make(), adapter)

    def test_it_has_some_model(self) -> None:
        assert self.claimed.models

    @pytest.mark.parametrize("model", MODELS)
    def test_a_model_that_it_lacks_is_refused(self, model: str) -> None:
        adapter = simulators.adapter(self.simulator)
        with Description(dt=0.1) as net:
            Monitor(Population(2, MODELS[model]), "v")
        if model in adapter.models:
            simulators.check(net, self.simulator)
            return
        with pytest.raises(ValueError, match=f"{self.simulator}.* has no model {model}; those that have it"):
            simulators.check(net, self.simulator)

    @pytest.mark.parametrize("feature", sorted(FEATURES))
    def test_a_feature_that_it_lacks_is_refused(self, feature: str) -> None:
        adapter = simulators.adapter(self.simulator)
        kind = getattr(network, feature)
        with Description(dt=0.1) as net:
            cells = Population(2, MODELS[min(adapter.models & MODELS.keys())])
            plastic = kind() if issubclass(kind, network.SynapseType) else StaticSynapse()
            Projection(cells, cells, synapse=plastic).connect_all_to_all(weights=0.1)
            if feature == "Injection":
                DCSource().inject_into(cells)
            if feature == "PoissonInput":
                PoissonInput(cells, 10.0, 0.1)
        if feature in adapter.features:
            simulators.check(net, self.simulator)
            return
        with pytest.raises(ValueError, match=f"has no {feature}; those that have it"):
            simulators.check(net, self.simulator)
