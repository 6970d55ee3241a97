from __future__ import annotations

import pytest

from sweep import IF_curr_exp, Izhikevich, Population, Projection, SpikeSourceArray, Synapse
from workers.live import Network
from workers.simulators.brian2.adapter import Brian2
from workers.testing.equations import STDP


@pytest.fixture(autouse=True)
def brian2(monkeypatch: pytest.MonkeyPatch) -> Brian2:
    simulator = Brian2("numpy")
    monkeypatch.setattr("workers.simulators._started", {"brian2": simulator})
    return simulator


def test_it_is_written_as_json_and_part_of_the_structure() -> None:
    keys, records = [], []
    for after in ("w += x", "w -= x", "w += x"):
        with Network() as net:
            cells = Population(2, IF_curr_exp, name="cells")
            kind = Synapse(**{**STDP, "post_spike": after})(x=[0.1, 0.2])
            Projection(cells, cells, synapse=kind).connect_all_to_all(1.0)
        records.append(net.to_dict())
        again = Network.from_dict(records[-1])
        assert again.to_dict() == records[-1]
        again.compile("brian2", seed=1)
        keys.append(again._session.instance.structure)
    assert records[0] == records[2] != records[1]
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.parametrize("simulator", ["nest", "neuron"])
def test_other_simulators_say_who_can(simulator: str) -> None:
    with Network() as net:
        cells = Population(1, IF_curr_exp)
        Projection(cells, cells, synapse=Synapse(**STDP)).connect_all_to_all(1.0, allow_self_connections=True)
    with pytest.raises(ValueError, match=rf"'{simulator}' has no Synapse; those that have it: brian2, genn"):
        net.compile(simulator)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"equations": "dx/dt = -x*x : event-driven"}, "x cannot be event-driven.* not linear in x"),
        ({"equations": "dx/dt = -x + w : event-driven"}, "parameters only, not w"),
        ({"equations": "dx/dt = -x + post.v : event-driven"}, "parameters only, not post"),
        ({"equations": "dx/dt = -x : event-driven, min=0"}, "no bounds"),
        ({"equations": "dx/dt = -x : event-driven\ny = x"}, "y needs x in each step"),
        ({"equations": "dw/dt = -w : init = 1.0"}, "it takes no init="),
        ({"equations": "dx/dt = Normal(0, 1)"}, "noise in equations"),
        ({"equations": "dx/dt = -x : implicit"}, "'implicit' in"),
        ({"equations": "dx/dt = pre.sum(exc)"}, r"'pre.sum\(' in .* only variables"),
        ({"equations": "dx/dt = -q"}, "q in '-q' is not known"),
        ({"parameters": "w = 1.0"}, "w cannot be the name"),
        ({"parameters": "lambda = 1.0"}, "lambda cannot be the name"),
        ({"parameters": "x = 1.0"}, "x cannot be the name"),
        ({"pre_spike": ""}, "pre_spike says nothing"),
        ({"pre_spike": "g_target -= w"}, "its sign is the receptor's"),
        ({"pre_spike": "post.v += 1"}, "not understood"),
        ({"pre_spike": "tau += 1"}, "pre_spike cannot change tau; it can: g_target, w, x"),
        ({"post_spike": "g_target += w"}, "post_spike cannot change g_target"),
        ({"post_spike": "w += x : unless_post"}, "'unless_post' in"),
        ({"post_spike": "w += t_pre"}, "t_pre in .* is not known"),
    ],
)
def test_what_is_not_understood_is_said(changes: dict[str, str], message: str) -> None:
    plain = {"parameters": "tau = 10.0", "equations": "dx/dt = -x/tau", "post_spike": "w += x"}
    with pytest.raises(ValueError, match=message):
        Synapse(**{**plain, **changes})


def test_what_the_populations_lack_is_said() -> None:
    with Network():
        source, cells = Population(1, SpikeSourceArray([1.0])), Population(1, IF_curr_exp)
        with pytest.raises(ValueError, match=r"pre\.v in 'pre\.v': SpikeSourceArray has nothing to be read"):
            Projection(source, cells, synapse=Synapse(pre_spike="w = pre.v"))
        with pytest.raises(ValueError, match=r"post\.r in .*: IF_curr_exp has v"):
            Projection(source, cells, synapse=Synapse(pre_spike="w = post.r"))
        with pytest.raises(AttributeError, match="Synapse has no parameter 'tau'; it has: x"):
            Synapse(equations="dx/dt = -x")(tau=1.0)
        with pytest.raises(TypeError, match="expected a SynapseType"):
            Projection(source, cells, synapse="STDP")


def test_spikes_that_arrive_together_may_not_see_each_other() -> None:
    with Network() as net:
        cells = Population(2, Izhikevich)
        synapse = Synapse(pre_spike="g_target += w * post.v")
        Projection(cells, cells, synapse=synapse).connect_all_to_all(1.0)
    with pytest.raises(ValueError, match=r"reads post\.v, which the spikes themselves change"):
        net.compile("brian2", seed=1)
