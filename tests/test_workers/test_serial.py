from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep import (
    IF_cond_exp,
    IF_curr_exp,
    Izhikevich,
    Monitor,
    Network,
    Normal,
    PoissonPopulation,
    Population,
    Projection,
    SpikeSourceArray,
    Uniform,
)
from workers.draw import draw
from workers.keys import Key
from workers.network.serial import from_dict, to_dict

VALUES = st.one_of(
    st.floats(0.1, 5.0),
    st.builds(Uniform, st.floats(0.1, 1.0), st.floats(1.5, 2.0)),
    st.builds(lambda m: Normal(m, 0.1, min=0.05), st.floats(1.0, 3.0)),
)
RULES = st.sampled_from(
    [
        ("all_to_all", {}),
        ("fixed_probability", {"probability": 0.3}),
        ("fixed_number_pre", {"number": 2}),
        ("distance_dependent", {"probability": "exp(-d / 2)"}),
    ]
)


def again(network: Network) -> Network:
    return Network.from_dict(json.loads(json.dumps(network.to_dict(), allow_nan=False)))


def same(a: Any, b: Any) -> bool:
    """Compare all that two Instances hold."""
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if hasattr(a, "__dataclass_fields__"):
        return type(a) is type(b) and all(same(getattr(a, k), getattr(b, k)) for k in a.__dataclass_fields__)
    return a == b or repr(a) == repr(b)


@settings(max_examples=25, deadline=None)
@given(rule=RULES, weights=VALUES, tau=VALUES, matrix=st.booleans(), seed=st.integers(0, 2**63))
def test_what_is_drawn_is_the_same(rule: Any, weights: Any, tau: Any, matrix: bool, seed: int) -> None:
    with Network(dt=0.5) as net:
        inputs = PoissonPopulation(5, rates=Uniform(5.0, 10.0))
        cells = Population((2, 3), IF_curr_exp(tau_m=tau, v_thresh=np.linspace(-55, -50, 6)), name="cells")
        cells.v = Normal(-65.0, 2.0)
        given = np.full((5, 6), 0.25) if matrix else weights
        getattr(Projection(inputs, cells, "exc"), f"connect_{rule[0]}")(weights=given, delays=1.5, **rule[1])
        Monitor(cells, ["spike", "v"], period=2.0, name="all")
        Monitor(cells[[1, 4]], "v", name="some")
    record = to_dict(net)["members"]
    assert "ranks" in record["some"]["attributes"]
    assert "ranks" not in record["all"]["attributes"]  # as it was before there were views: None is all
    assert same(draw(again(net), Key(seed, 3)), draw(net, Key(seed, 3)))
    assert to_dict(again(net)) == to_dict(net)


def test_it_runs_the_same() -> None:
    with Network() as net:
        told = Population(3, SpikeSourceArray([[3.0, 9.0], [4.0], []]))
        cells = Population(4, Izhikevich(a=0.03), stop_condition="v > 20")
        Projection(told, cells, "exc").connect_from_list([(0, 1, 30.0), (1, 2, 40.0, 2.0)][:1])
        Projection(cells, cells, "inh").connect_from_matrix(np.eye(4))
        monitor = Monitor(cells, ["spike", "v"])
    twin = again(net)
    for network in (net, twin):
        network.compile(seed=1)
        network.simulate(20.0)
    np.testing.assert_array_equal(net.get(monitor).get("v"), twin.get(monitor).get("v"))


def test_other_members_are_as_they_were() -> None:
    with Network() as net:
        one = Population(2, IF_cond_exp)
        Projection(one, one, "exc").connect_one_to_one(weights=0.1)
    twin = again(net)
    assert [repr(m) for m in twin] == [repr(m) for m in net]
    twin.get(one).tau_m = 30.0
    assert one.tau_m == 20.0


def test_code_is_not_rebuilt() -> None:
    with Network() as net:
        one = Population(2, Izhikevich)
        Projection(one, one, "exc").connect_distance_dependent(lambda d: np.exp(-d), weights=1.0)
    record = json.loads(json.dumps(to_dict(net)))
    with pytest.raises(ValueError, match=r"depends on code[^\0]*np.exp\(-d\)"):
        from_dict(record, Network)


@pytest.mark.parametrize("name", ["os.system", "serial.to_dict", "..handle.Handle", "models.no"])
def test_only_classes_of_ours_are_made(name: str) -> None:
    record = {"dt": 1.0, "members": {"a": {"class": name, "attributes": {}}}}
    with pytest.raises(ValueError, match=r"which this package does not have|no part of a network"):
        from_dict(record, Network)
