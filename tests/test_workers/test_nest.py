from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from workers.instance import Cells, Instance, Ints, Sources, Spikes, Synapses, Trace
from workers.simulators.nest_ import Nest

INTEGRATE = {
    "v_rest": -65.0,
    "v_reset": -70.0,
    "v_thresh": -50.0,
    "cm": 0.25,
    "tau_m": 10.0,
    "tau_refrac": 2.0,
    "tau_syn_E": 2.0,
    "tau_syn_I": 5.0,
    "i_offset": 0.0,
}
PARAMETERS = {
    "IF_curr_exp": INTEGRATE,
    "IF_cond_exp": INTEGRATE | {"e_rev_E": 0.0, "e_rev_I": -80.0},
    "Izhikevich": {"a": 0.02, "b": 0.2, "c": -65.0, "d": 8.0, "i_offset": 0.0},
}
STATE = {
    "IF_curr_exp": {"v": -65.0},
    "IF_cond_exp": {"v": -65.0},
    "Izhikevich": {"v": -65.0, "u": -13.0},
}
INPUT = {"IF_curr_exp": "isyn_exc", "IF_cond_exp": "gsyn_exc", "Izhikevich": "u"}
MODELS = sorted(PARAMETERS)


def cells(model: str, size: int = 1, **changes: object) -> Cells:
    def full(values: dict[str, float]) -> dict[str, np.ndarray]:
        return {k: np.full(size, changes.get(k, value), float) for k, value in values.items()}

    assert changes.keys() <= PARAMETERS[model].keys() | STATE[model].keys()
    return Cells("cells", model, size, full(PARAMETERS[model]), full(STATE[model]))


def synapses(
    pairs: list[tuple[int, int]] | Ints, weights: object, delays: object, *, pre=0, post=1, receptor="exc"
) -> Synapses:
    i, j = np.asarray(pairs, np.int64).reshape(-1, 2).T
    weights = np.broadcast_to(np.asarray(weights, float), i.shape)
    delays = np.broadcast_to(np.asarray(delays, np.int64), i.shape)
    return Synapses(f"{pre}-{post}", pre, post, receptor, i, j, weights, delays)


def network(
    model: str, *projections: Synapses, dt=0.1, size=1, traces=(), sources=1, **changes: object
) -> Instance:
    populations = (Sources("sources", sources), cells(model, size, **changes))
    return Instance(dt, populations, projections, (1,), tuple(Trace(1, *t) for t in traces))


def told(*spikes: tuple[int, int]) -> dict[int, Spikes]:
    steps, ranks = np.asarray(spikes, np.int64).reshape(-1, 2).T
    return {0: Spikes.in_order(steps, ranks)}


def built(instance: Instance) -> Nest:
    simulator = Nest()
    simulator.build(instance)
    return simulator


def response(model: str, variable: str, weight: float, receptor: str, dt: float, steps: int, **changes):
    """The trace of a variable with one spike at step 5, over a synapse of 4 steps."""
    projection = synapses([(0, 0)], weight, 4, receptor=receptor)
    instance = network(model, projection, dt=dt, traces=[(variable, 1)], **changes)
    simulator = built(instance)
    simulator.run(steps, told((5, 0)), {})
    assert simulator.spikes(1).steps.size == 0
    return simulator.trace(instance.traces[0])[:, 0]


@pytest.mark.parametrize("dt", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("receptor", ["exc", "inh"])
def test_a_current_moves_v_as_the_solution_says(receptor: str, dt: float) -> None:
    p, t = INTEGRATE, np.maximum(np.arange(1, 201) - 9, 0) * dt
    tau, sign = (p["tau_syn_E"], 1) if receptor == "exc" else (p["tau_syn_I"], -1)
    current = response("IF_curr_exp", f"isyn_{receptor}", 0.1, receptor, dt, 200)
    expected = sign * 0.1 * np.exp(-t / tau)
    expected[:8] = 0.0
    np.testing.assert_allclose(current, expected, rtol=1e-12, atol=0)
    v = response("IF_curr_exp", "v", 0.1, receptor, dt, 200)
    factor = p["tau_m"] * tau / (p["tau_m"] - tau) / p["cm"]
    moved = sign * 0.1 * factor * (np.exp(-t / p["tau_m"]) - np.exp(-t / tau))
    np.testing.assert_allclose(v, -65.0 + moved, rtol=0, atol=1e-11)
    assert np.abs(moved).max() > 0.3


@pytest.mark.parametrize("receptor", ["exc", "inh"])
def test_the_other_current_stays_zero(receptor: str) -> None:
    other = "isyn_inh" if receptor == "exc" else "isyn_exc"
    assert not response("IF_curr_exp", other, 0.1, receptor, 0.1, 50).any()


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize("receptor", ["exc", "inh"])
def test_a_conductance_moves_v_as_the_equations_say(receptor: str, dt: float) -> None:
    p = PARAMETERS["IF_cond_exp"]
    tau, reversal = (p["tau_syn_E"], p["e_rev_E"]) if receptor == "exc" else (p["tau_syn_I"], p["e_rev_I"])
    steps, arrival = round(30 / dt), 9

    def slope(t: float, v: np.ndarray) -> np.ndarray:
        return (p["v_rest"] - v) / p["tau_m"] + 0.01 * np.exp(-t / tau) * (reversal - v) / p["cm"]

    t = np.arange(steps - arrival + 1) * dt
    exact = solve_ivp(slope, (0, t[-1]), [-65.0], t_eval=t, rtol=1e-10, atol=1e-10, max_step=0.05).y[0]
    v = response("IF_cond_exp", "v", 0.01, receptor, dt, steps)
    assert (v[: arrival - 1] == -65.0).all()
    np.testing.assert_allclose(v[arrival - 1 :], exact, rtol=0, atol=2e-3)
    assert np.abs(exact + 65).max() > (3 if receptor == "exc" else 1)
    g = response("IF_cond_exp", f"gsyn_{receptor}", 0.01, receptor, dt, steps)
    assert (g[: arrival - 1] == 0.0).all()
    np.testing.assert_allclose(g[arrival - 1 :], 0.01 * np.exp(-t / tau), rtol=2e-3)


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize("receptor", ["exc", "inh"])
def test_izhikevich_s_v_jumps_by_the_weight_whatever_dt(receptor: str, dt: float) -> None:
    moved = response("Izhikevich", "v", 3.5, receptor, dt, 9, v=-75.0)
    still = response("Izhikevich", "v", 0.0, receptor, dt, 9, v=-75.0)
    assert (moved[:8] == still[:8]).all()
    assert moved[8] - still[8] == pytest.approx(3.5 if receptor == "exc" else -3.5, abs=1e-12)


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_izhikevich_takes_euler_steps(dt: float) -> None:
    instance = network("Izhikevich", dt=dt, traces=[("v", 1), ("u", 1)], i_offset=0.01)
    simulator, steps = built(instance), round(100 / dt)
    simulator.run(steps, {}, {})
    p, v, u, expected, spikes = PARAMETERS["Izhikevich"], -65.0, -13.0, [], []
    for step in range(1, steps + 1):
        v, u = v + dt * (0.04 * v * v + 5 * v + 140 - u + 10.0), u + dt * p["a"] * (p["b"] * v - u)
        if v >= 30.0:
            v, u = p["c"], u + p["d"]
            spikes.append(step)
        expected.append((v, u))
    assert len(spikes) > 2
    assert simulator.spikes(1).steps.tolist() == spikes
    found = np.column_stack([simulator.trace(t)[:, 0] for t in instance.traces])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("model", ["IF_curr_exp", "IF_cond_exp"])
@pytest.mark.parametrize(
    ("dt", "refractory", "apart"),
    [
        (0.1, 0.0, 1),
        (0.1, 0.05, 2),
        (0.1, 0.3, 4),
        (0.1, 0.31, 5),
        (0.1, 2.0, 21),
        (1.0, 0.1, 2),
        (1.0, 1.0, 2),
    ],
)
def test_refractory_periods_are_rounded_up_to_steps(
    model: str, dt: float, refractory: float, apart: int
) -> None:
    instance = network(model, dt=dt, traces=[("v", 1)], tau_refrac=refractory, i_offset=1e4)
    simulator = built(instance)
    simulator.run(100, {}, {})
    steps = simulator.spikes(1).steps
    assert steps[0] == 1
    assert set(np.diff(steps).tolist()) == {apart}
    assert (simulator.trace(instance.traces[0])[:apart, 0] == INTEGRATE["v_reset"]).all()


@pytest.mark.parametrize("dt", [0.1, 0.7, 1.0, 2.0])
def test_each_synapse_has_its_delay_and_weight(dt: float) -> None:
    pairs = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (1, 2)]
    projection = synapses(pairs, [1, 2, 3, 4, 5, 6], [3, 1, 40, 2, 1, 3])
    instance = network(
        "IF_curr_exp", projection, dt=dt, size=3, sources=2, traces=[("isyn_exc", 1)], tau_syn_E=dt / 1000
    )
    simulator = built(instance)
    simulator.run(60, told((2, 0), (4, 1)), {})
    trace = simulator.trace(instance.traces[0])
    steps, ranks = np.nonzero(trace > 1e-9)
    found = {(s + 1, r): trace[s, r] for s, r in zip(steps.tolist(), ranks.tolist(), strict=True)}
    assert found == pytest.approx({(5, 0): 1, (3, 1): 2, (42, 2): 3, (6, 0): 4, (5, 2): 5, (7, 2): 6})


def test_synapses_that_meet_add_up_and_receptors_are_apart() -> None:
    projections = (
        synapses([(0, 0)], 0.5, 2),
        synapses([(1, 0)], 0.25, 1),
        synapses([(0, 0)], 0.125, 2, receptor="inh"),
    )
    instance = network("IF_curr_exp", *projections, sources=2, traces=[("isyn_exc", 1), ("isyn_inh", 1)])
    simulator = built(instance)
    simulator.run(4, told((2, 0), (3, 1)), {})
    assert simulator.trace(instance.traces[0])[:, 0].tolist() == [0, 0, 0, 0.75]
    assert simulator.trace(instance.traces[1])[:, 0].tolist() == [0, 0, 0, -0.125]


@pytest.mark.parametrize("dt", [0.1, 0.7, 1.0])
def test_times_of_steps_are_exact_however_late(dt: float) -> None:
    last = 5000
    instance = network("IF_curr_exp", synapses([(0, 0)], 1e3, 1), dt=dt, tau_refrac=0.0, v_reset=-100.0)
    simulator, given, found = built(instance), list(range(1, last, 7)), []
    for start in range(0, last, 1000):
        now = [(s, 0) for s in given if start < s <= start + 1000]
        simulator.run(1000, told(*now), {})
        found.append(simulator.spikes(1).steps)
    fired = np.concatenate(found)
    assert {s + 2 for s in given if s + 2 <= last} <= set(fired.tolist())


STARTS = {
    "IF_curr_exp": {"v_rest": -60, "cm": 0.5, "tau_m": 20, "i_offset": 0.1, "v": -64},
    "IF_cond_exp": {"v_rest": -60, "cm": 0.5, "tau_m": 20, "i_offset": 0.1, "v": -64},
}


@pytest.mark.parametrize("model", STARTS)
@pytest.mark.parametrize("name", ["v_rest", "cm", "tau_m", "i_offset", "v"])
def test_parameters_of_the_membrane_arrive_in_their_units_at_their_neurons(model: str, name: str) -> None:
    p = INTEGRATE | {"i_offset": 0.05, "v": -62.0}
    values = np.array([p[name], STARTS[model][name], p[name]])
    simulator = built(network(model, size=3, **({"i_offset": 0.05, "v": -62.0} | {name: values})))
    simulator.run(100, {}, {})
    found = simulator.get(1, "v")
    for rank in range(3):
        q = p | {name: values[rank]}
        end = q["v_rest"] + q["i_offset"] * q["tau_m"] / q["cm"]
        expected = end + (q["v"] - end) * np.exp(-10.0 / q["tau_m"])
        assert found[rank] == pytest.approx(expected, abs=1e-3 if model == "IF_cond_exp" else 1e-11)


@pytest.mark.parametrize("model", ["IF_curr_exp", "IF_cond_exp"])
def test_threshold_reset_and_refractory_period_arrive_at_their_neurons(model: str) -> None:
    instance = network(
        model,
        size=3,
        traces=[("v", 1)],
        i_offset=1.0,
        v_thresh=[-50, -55, -50],
        v_reset=[-70, -70, -60],
        tau_refrac=[2, 2, 3],
    )
    simulator = built(instance)
    simulator.run(100, {}, {})
    spikes, v = simulator.spikes(1), simulator.trace(instance.traces[0])
    first = [int(spikes.steps[spikes.ranks == r][0]) for r in range(3)]
    rise = 10 * np.log(40 / (40 - np.array([15.0, 10.0, 15.0])))  # to the threshold from -65
    assert first == np.ceil(rise / 0.1).astype(int).tolist()
    for rank, (reset, steps) in enumerate([(-70, 20), (-70, 20), (-60, 30)]):
        stay = v[first[rank] - 1 :, rank] == reset
        assert stay[: steps + 1].all()
        assert not stay[steps + 1]


def test_synaptic_parameters_arrive_at_their_neurons() -> None:
    projections = (
        synapses([(0, 0), (0, 1)], 0.001, 1),
        synapses([(0, 0), (0, 1)], 0.001, 1, receptor="inh"),
    )
    traces = [("gsyn_exc", 1), ("gsyn_inh", 1)]
    instance = network(
        "IF_cond_exp", *projections, size=2, traces=traces, tau_syn_E=[2.0, 4.0], tau_syn_I=[5.0, 1.0]
    )
    simulator = built(instance)
    simulator.run(12, told((1, 0)), {})
    exc, inh = (simulator.trace(t)[-1] for t in instance.traces)
    assert exc == pytest.approx(0.001 * np.exp(-1 / np.array([2, 4])), rel=1e-3)
    assert inh == pytest.approx(0.001 * np.exp(-1 / np.array([5, 1])), rel=1e-3)
    for name, towards in (("e_rev_E", -40.0), ("e_rev_I", -60.0)):
        pair = synapses([(0, 0), (0, 1)], 100.0, 1, receptor="exc" if name == "e_rev_E" else "inh")
        held = built(network("IF_cond_exp", pair, size=2, v_thresh=100.0, **{name: [towards, towards - 5]}))
        held.run(20, told((1, 0)))
        assert held.get(1, "v") == pytest.approx([towards, towards - 5], abs=0.05)


def test_izhikevich_s_parameters_arrive_at_their_neurons() -> None:
    p = PARAMETERS["Izhikevich"] | STATE["Izhikevich"]
    changed = {"a": 0.1, "b": 0.25, "c": -50.0, "d": 2.0, "i_offset": 0.02, "v": -60.0, "u": -10.0}
    base = p | {"i_offset": 0.01}
    values = {name: [base[name]] * 8 for name in base}
    for rank, (name, value) in enumerate(changed.items()):
        values[name][rank] = value
    simulator = built(network("Izhikevich", dt=0.5, size=8, **values))
    simulator.run(100, {}, {})
    for rank in range(8):
        q = {name: values[name][rank] for name in values}
        v, u = q["v"], q["u"]
        for _ in range(100):
            v, u = (
                v + 0.5 * (0.04 * v * v + 5 * v + 140 - u + 1000 * q["i_offset"]),
                u + 0.5 * q["a"] * (q["b"] * v - u),
            )
            if v >= 30.0:
                v, u = q["c"], u + q["d"]
        assert simulator.get(1, "v")[rank] == pytest.approx(v, abs=1e-6)
        assert simulator.get(1, "u")[rank] == pytest.approx(u, abs=1e-6)


def randomly(model: str, dt: float = 0.1, steps: int = 600) -> tuple[Instance, Spikes]:
    """100 sources -> 80 cells -> 20 cells and back, which inhibit; with delays of all lengths."""
    r = np.random.default_rng(7)
    weight = {"Izhikevich": 4.0, "IF_curr_exp": 0.3, "IF_cond_exp": 0.01}[model]

    def random(pre: int, post: int, sizes: tuple[int, int], receptor: str, scale: float) -> Synapses:
        pairs = np.argwhere(r.random(sizes) < 0.2)
        weights = r.uniform(0.5, 1.5, len(pairs)) * weight * scale
        return synapses(pairs, weights, r.integers(1, 30, len(pairs)), pre=pre, post=post, receptor=receptor)

    populations = (Sources("sources", 100), cells(model, 80), cells(model, 20, v=-60.0))
    projections = (
        random(0, 1, (100, 80), "exc", 1.0),
        random(0, 2, (100, 20), "exc", 1.0),
        random(1, 2, (80, 20), "exc", 0.5),
        random(2, 1, (20, 80), "inh", 0.5),
        random(1, 1, (80, 80), "exc", 0.2),
    )
    traces = (Trace(1, "v", 1), Trace(1, "v", 3), Trace(1, INPUT[model], 1), Trace(2, INPUT[model], 3))
    steps_, ranks = np.nonzero(r.random((steps, 100)) < 0.04 * dt)
    return Instance(dt, populations, projections, (1, 2), traces), Spikes(steps_ + 1, ranks)


def recorded(simulator: Nest, instance: Instance, stimuli: Spikes, ends: list[int]):
    spikes, traces, start = [[], []], [[] for _ in instance.traces], 0
    for end in ends:
        now = (stimuli.steps > start) & (stimuli.steps <= end)
        simulator.run(end - start, {0: Spikes(stimuli.steps[now], stimuli.ranks[now])}, {})
        for place, population in enumerate(instance.spikes):
            spikes[place].append(simulator.spikes(population))
        for place, trace in enumerate(instance.traces):
            traces[place].append(simulator.trace(trace))
            assert len(traces[place][-1]) == end // trace.period - start // trace.period
        start = end
    return [Spikes.joined(s) for s in spikes], [np.concatenate(t) for t in traces]


def same(one, other) -> bool:
    flat = [[x.tobytes() for s in spikes for x in s] + [x.tobytes() for x in t] for spikes, t in (one, other)]
    return flat[0] == flat[1]


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize("model", MODELS)
def test_split_runs_give_the_same_bits_up_to_the_last_sample(model: str, dt: float) -> None:
    instance, stimuli = randomly(model, dt)
    whole = recorded(built(instance), instance, stimuli, [600])
    assert whole[0][0].steps.size > 10
    assert [t.shape for t in whole[1]] == [(600, 80), (200, 80), (600, 80), (200, 20)]
    assert (whole[1][1] == whole[1][0][2::3]).all()
    assert whole[1][2].any(axis=1)[50:].all()
    parts = recorded(built(instance), instance, stimuli, [1, 2, 3, 100, 105, 106, 599, 600])
    assert same(whole, parts)


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_left_of_an_earlier_network(model: str) -> None:
    instance, stimuli = randomly(model)
    simulator = built(instance)
    first = recorded(simulator, instance, stimuli, [250, 600])
    simulator.set(1, "i_offset", np.full(80, 0.3))
    other, spikes = randomly("IF_curr_exp", dt=0.5)
    simulator.build(other)
    recorded(simulator, other, spikes, [33])
    simulator.build(instance)
    assert same(first, recorded(simulator, instance, stimuli, [250, 600]))


def test_nest_s_own_generator_is_not_used() -> None:
    import nest

    instance, stimuli = randomly("IF_curr_exp")
    results = []
    for seed in (1, 2):
        simulator = built(instance)
        nest.rng_seed = seed
        results.append(recorded(simulator, instance, stimuli, [600]))
    assert same(*results)


def test_recording_more_changes_nothing() -> None:
    instance, stimuli = randomly("IF_curr_exp")
    bare = Instance(instance.dt, instance.populations, instance.projections, (1, 2), ())
    much, little = (recorded(built(i), i, stimuli, [600]) for i in (instance, bare))
    assert same((much[0], []), (little[0], []))


@pytest.mark.parametrize("model", ["IF_curr_exp", "IF_cond_exp"])
def test_a_spike_at_the_last_step_of_a_run_is_there(model: str) -> None:
    simulator = built(network(model, i_offset=1e4, tau_refrac=0.2))
    for run in range(4):
        simulator.run(3, {}, {})
        assert simulator.spikes(1).steps.tolist() == [3 * run + 1]
        simulator.run(0, {}, {})
    last = built(network(model, i_offset=1e4, tau_refrac=100.0))
    last.run(1, {})
    assert last.spikes(1).steps.tolist() == [1]


def test_a_spike_delayed_into_a_later_run_arrives() -> None:
    instance = network("IF_curr_exp", synapses([(0, 0)], 1.0, 1), traces=[("isyn_exc", 1)])
    simulator = built(instance)
    simulator.run(5, told((5, 0)), {})
    assert not simulator.trace(instance.traces[0]).any()
    simulator.run(2, told((6, 0)), {})
    keep = np.exp(-0.1 / 2)
    assert simulator.trace(instance.traces[0])[:, 0] == pytest.approx([1.0, 1.0 + keep])


def test_set_takes_effect_in_the_next_run() -> None:
    simulator = built(network("IF_curr_exp", size=2))
    simulator.run(10, {}, {})
    assert (simulator.get(1, "v") == -65).all()
    simulator.set(1, "v", np.array([-60.0, -65.0]))
    simulator.set(1, "i_offset", np.array([0.0, 0.1]))
    simulator.set(1, "tau_m", np.array([5.0, 20.0]))
    assert simulator.get(1, "v").tolist() == [-60.0, -65.0]
    simulator.run(10, {}, {})
    expected = [-65 + 5 * np.exp(-1 / 5), -65 + 0.1 * 20 / 0.25 * (1 - np.exp(-1 / 20))]
    assert simulator.get(1, "v") == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("order", [("cm", "tau_m"), ("tau_m", "cm")])
def test_leak_follows_capacity_and_time_constant(order: tuple[str, str]) -> None:
    simulator, values = built(network("IF_cond_exp", i_offset=0.1)), {"cm": 0.5, "tau_m": 5.0}
    for name in order:
        simulator.set(1, name, np.array([values[name]]))
    simulator.run(1000, {}, {})
    assert simulator.get(1, "v")[0] == pytest.approx(-65 + 0.1 * 5.0 / 0.5, abs=1e-4)


@pytest.mark.parametrize("model", ["IF_curr_exp", "IF_cond_exp"])
def test_setting_the_rest_moves_neither_v_nor_the_threshold(model: str) -> None:
    simulator = built(network(model, tau_refrac=0.0))
    simulator.set(1, "v_rest", np.array([-45.0]))
    assert simulator.get(1, "v")[0] == -65.0
    simulator.run(200, {}, {})
    rise = 10 * np.log(20 / 5)  # from -65 to -50, towards -45
    assert simulator.spikes(1).steps[0] == np.ceil(rise / 0.1)


def test_a_current_decays_with_a_time_constant_that_was_set() -> None:
    instance = network("IF_curr_exp", synapses([(0, 0)], 0.1, 1), traces=[("isyn_exc", 1)])
    simulator = built(instance)
    simulator.run(2, told((1, 0)), {})
    simulator.set(1, "tau_syn_E", np.array([1.0]))
    simulator.run(10, {}, {})
    assert simulator.trace(instance.traces[0])[-1, 0] == pytest.approx(0.1 * np.exp(-1.0))


def test_stimuli_of_many_neurons_arrive_at_theirs() -> None:
    pairs = [(i, i) for i in range(20)]
    instance = network("IF_curr_exp", synapses(pairs, 1.0, 1), size=20, sources=20, traces=[("isyn_exc", 1)])
    simulator = built(instance)
    for run, ranks in enumerate([[3], [3, 4, 19], [], [0, 3]]):
        simulator.run(2, told(*[(2 * run + 1, r) for r in ranks]))
        before = simulator.trace(instance.traces[0])
        arrived = np.flatnonzero(before[1] > before[0] * np.exp(-0.1 / 2) + 0.5)
        assert arrived.tolist() == ranks


def test_networks_without_synapses_of_any_dt() -> None:
    for dt in (1.0, 0.1, 0.7, 2.0, 0.001):
        simulator = built(network("Izhikevich", synapses([], [], []), dt=dt, i_offset=0.01))
        simulator.run(round(100 / dt) if dt > 0.01 else 100, {}, {})
        assert (simulator.spikes(1).steps.size > 0) == (dt > 0.01)


@pytest.mark.parametrize("dt", [1 / 3, 0.0005, 0.0])
def test_a_dt_that_nest_cannot_have_is_an_error(dt: float) -> None:
    with pytest.raises(ValueError, match=r"dt=.*'nest' needs a multiple of 0.001 ms"):
        Nest().build(network("Izhikevich", dt=dt))
