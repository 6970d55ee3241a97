from __future__ import annotations

from typing import Any

import cloudpickle
import numpy as np
import pytest

from sweep import (
    AdditiveSTDP,
    IF_curr_exp,
    Izhikevich,
    Monitor,
    Neuron,
    PoissonPopulation,
    Population,
    Projection,
    SpikeSourceArray,
    Synapse,
    TsodyksMarkramSynapse,
    Uniform,
)
from workers.live import Network
from workers.lockstep import run_side_by_side
from workers.simulators.brian2.adapter import Brian2
from workers.task import Job, run_network

STDP = {
    "parameters": """
        tau_plus = 20.0 : projection
        tau_minus = 20.0 : projection
        A_plus = 0.01; A_minus = 0.01; w_max = 1.0
    """,
    "equations": """
        tau_plus * dx/dt = -x : event-driven
        dy/dt = -y / tau_minus : event-driven
    """,
    "pre_spike": """
        g_target += w
        x += A_plus * w_max
        w -= y : min=0.0
    """,
    "post_spike": """
        y += A_minus * w_max
        w = clip(w + x, 0.0, w_max)
    """,
    "name": "STDP",
}
STP = Synapse(
    "tau_rec = 100.0; tau_facil = 50.0; U = 0.5",
    "dx/dt = (1 - x)/tau_rec : init = 1.0, event-driven\ndu/dt = -u/tau_facil : event-driven",
    "u += U * (1 - u)\ng_target += w * u * x\nx *= 1 - u",
)


@pytest.fixture(autouse=True)
def brian2(monkeypatch: pytest.MonkeyPatch) -> Brian2:
    simulator = Brian2("numpy")
    monkeypatch.setattr("workers.simulators._started", {"brian2": simulator})
    return simulator


def learned(synapse: object, shift: float, delay: float) -> tuple[Any, Any]:
    """Let random spikes on both sides change weights."""
    r = np.random.default_rng(5)
    steps = [np.sort(r.choice(np.arange(60, 2960, 4), 40, replace=False)) for _ in range(12)]
    times = np.round(0.1 * np.array(steps), 1)
    times[6:] += 0.1  # two spikes never reach a synapse in one step: those have no order in AdditiveSTDP
    with Network(dt=0.1) as net:
        pre = Population(6, SpikeSourceArray([t + shift for t in times[:6]]))
        force = Population(6, SpikeSourceArray(list(times[6:])))
        cells = Population(6, IF_curr_exp(tau_refrac=0.1, tau_syn_E=0.1, tau_m=1.0))
        Projection(force, cells).connect_one_to_one(500.0)
        plastic = Projection(pre, cells, synapse=synapse, name="plastic")
        plastic.connect_all_to_all(Uniform(0.002, 0.008), delay)
        weights = Monitor(plastic, "weights", period=10.0)
        spikes = Monitor(cells, "spike")
    net.compile("brian2", seed=2)
    net.simulate(121.0)
    net.simulate(189.0)
    assert len(spikes.raster_plot()[0]) > 200
    return weights.get(), plastic.weights


def test_stdp_in_equations_is_additive_stdp() -> None:
    values = {"tau_plus": 15.0, "A_plus": Uniform(0.02, 0.2), "A_minus": 0.1, "w_max": 0.01}
    # The delay of ours lies behind the synapse, that of one's own before it: in all 0.3 + 0.5 ms.
    traces, ends = learned(AdditiveSTDP(**values), 0.8, 0.3)
    own_traces, own_ends = learned(Synapse(**STDP)(**values), 0.0, 0.5)
    np.testing.assert_allclose(own_ends, ends, rtol=1e-9)
    assert np.mean(np.isclose(own_traces, traces, rtol=1e-9)) > 0.95  # the others: within 0.8 ms of a sample
    assert np.ptp(ends) > 1e-3
    assert np.ptp(own_traces, axis=0).max() > 1e-3


def test_short_term_plasticity_in_equations_is_tsodyks_markram() -> None:
    recorded = []
    for synapse in (TsodyksMarkramSynapse, STP):
        with Network(dt=0.1) as net:
            inputs = PoissonPopulation(8, rates=60.0)
            cells = Population(5, IF_curr_exp)
            for target in ("exc", "inh"):
                kind = synapse(U=Uniform(0.1, 0.6), tau_rec=Uniform(20.0, 90.0), tau_facil=30.0)
                wiring = Projection(inputs, cells, target, synapse=kind)
                wiring.connect_fixed_probability(0.5, Uniform(0.5, 1.0), delays=Uniform(0.1, 3.0))
            v = Monitor(cells, "v")
        net.compile("brian2", seed=7)
        net.simulate(300.0)
        recorded.append(v.get())
    assert np.ptp(recorded[0]) > 1.0
    np.testing.assert_allclose(recorded[1], recorded[0], rtol=1e-9)


def test_equations_of_each_step_bounds_time_and_both_sides() -> None:
    synapse = Synapse(
        "tau_pre = 5.0; v_post = 0.25",  # names that Brian2 keeps for itself
        """
            dw/dt = -w/10 : exponential, min=0.7
            dlast/dt = 1/tau_pre + pre.k - k
            k = post.v + v_post
        """,
        "g_target += w + t\nlast = -1 : min=-0.5",
        "w += post.v + pre.k + last",
    )
    cell = Neuron("k = 2.0", "dv/dt = 0.3*g_exc : init = 0.75", spike="v > 1", reset="v = 0")
    with Network(dt=1.0) as net:
        pre, post = Population(1, Neuron("k = 2.0", spike="t == 0")), Population(1, cell)
        wiring = Projection(pre, post, synapse=synapse(last=0.1, v_post=0.5))
        wiring.connect_one_to_one(1.0, 2.0)
        weights, g = Monitor(wiring, "weights"), Monitor(post, ["g_exc", "spike"])
    net.compile("brian2", seed=1)
    net.simulate(4.0)
    e = np.exp(-0.1)
    v = 0.75 + 0.3 * (e**3 + 3.0)
    assert g.get("g_exc")[2, 0] == pytest.approx(e**3 + 3.0)
    assert g.raster_plot()[0].tolist() == [4.0]
    last = -0.5 + 1 / 5.0 + 2.0 - (0.75 + 0.5)  # a step after the source's spike
    np.testing.assert_allclose(weights.get()[:, 0], [e, e**2, e**3, 0.7 + v + 2.0 + last])


@pytest.mark.parametrize("target", ["exc", "inh"])
def test_it_acts_after_its_delay_and_inh_subtracts(target: str) -> None:
    ends = []
    for synapse in (None, Synapse()):
        with Network(dt=0.1) as net:
            source = Population(1, SpikeSourceArray([1.0]))
            cells = Population(1, Izhikevich)
            Projection(source, cells, target, synapse=synapse).connect_all_to_all(3.0, 0.7)
            v = Monitor(cells, "v")
        net.compile("brian2", seed=1)
        net.simulate(3.0)
        ends.append(v.get())
    np.testing.assert_array_equal(*ends)


def test_fused_networks_learn_as_alone(brian2: Brian2) -> None:
    clocked = STDP["equations"].replace("event-driven", "exponential")
    with Network(dt=0.5) as net:
        inputs, cells = PoissonPopulation(6, rates=80.0), Population(5, IF_curr_exp)
        plastic = []
        for equations in (STDP["equations"], clocked):
            kind = Synapse(**{**STDP, "equations": equations})(A_plus=Uniform(0.05, 0.1), w_max=4.0)
            plastic.append(Projection(inputs, cells, synapse=kind, name=f"plastic{len(plastic)}"))
            plastic[-1].connect_fixed_probability(0.7, Uniform(1.0, 3.0), Uniform(0.5, 3.0))
        Projection(cells, cells, synapse=STP).connect_fixed_probability(0.5, 2.0)
        spikes = Monitor(cells, "spike")

    def method(idx: int, net: Network) -> Any:
        net.simulate(60.0 + idx)
        net.simulate(40.0)
        return net.get(spikes).raster_plot(), [net.get(p).weights for p in plastic]

    job = Job(cloudpickle.loads(cloudpickle.dumps(method)), (net,), "brian2", 3)
    job = cloudpickle.loads(cloudpickle.dumps(job))
    fused = run_side_by_side(job, [2, 0, 1], [{}] * 3, brian2)
    for outcome in fused:
        alone = run_network(job, outcome.index, {})
        assert outcome.failure is None is alone.failure
        assert outcome.value is not None
        assert alone.value is not None
        assert outcome.value.leaves
        for name, leaf in outcome.value.leaves.items():
            np.testing.assert_array_equal(leaf, alone.value.leaves[name])


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
    with pytest.raises(ValueError, match=rf"'{simulator}' has no Synapse; those that have it: brian2"):
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
