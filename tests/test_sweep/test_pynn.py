"""The PyNN face in this process: what is recorded of a script, what it refuses, and its sweeps."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from sweep import Network, Normal, Uniform, parallel_run
from workers import simulators
from workers.network import connectors

SCRIPT = """
from importlib import import_module
import pyNN.nest
import pyNN.nest as sim
from pyNN import neuron
from pyNN.brian2 import *
assert pyNN.nest is neuron is sim and Population is sim.Population
from pyNN.utility import get_script_args, get_simulator
name, = get_script_args(1)
exec("from pyNN.%s import run" % name)
assert run is sim.run
for backend in ("nest", "neuron", "brian2"):
    exec("import pyNN.%s as other" % backend)
    assert other is import_module("pyNN.%s" % backend) is sim
try:
    from pyNN.neuron.random import NativeRNG
except ImportError:
    pass
other, options = get_simulator(("--rate", "of the input", {"type": float, "default": 1.0}))
assert other is sim
sim.setup(timestep=1.0)
pop = sim.Population(20, sim.SpikeSourcePoisson(rate=options.rate, start=50.0, duration=100.0))
pop.record("spikes")
sim.run(200.0)
times = [float(t) for train in pop.get_data().segments[0].spiketrains for t in train]
print(options.simulator, len(times), min(times) > 50.0, max(times) <= 150.0)
"""


@pytest.fixture
def sim() -> Iterator[ModuleType]:
    import sweep.pynn as module

    module.setup(timestep=0.1)
    yield module
    module.setup(timestep=0.1)


def test_the_package_is_imported_only_when_asked_for() -> None:
    code = "import sys, sweep; print('pyNN' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize("on", ["brian2", "neuron"])
def test_sweep_run_serves_a_script_as_it_is(tmp_path: Path, on: str) -> None:
    if not simulators.is_installed(simulators.adapter(on)):
        pytest.skip(f"{on} is not installed: {simulators.adapter(on).install}")
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "-c", "from sweep.cli import main; main()"]
    arguments = ["run", "script.py", "--simulator", on, "--rate", "40"]
    done = subprocess.run([*command, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    simulator, count, *within = done.stdout.split()
    assert (simulator, within) == (on, ["True", "True"])
    assert 40 < int(count) < 140


def test_a_recorded_network_is_swept(sim: Any) -> None:
    source = sim.Population(30, sim.SpikeSourcePoisson(rate=20.0), label="input")
    cells = sim.Population(10, sim.IF_curr_exp(tau_m=sim.RandomDistribution("uniform", low=8.0, high=12.0)))
    weights = sim.RandomDistribution("normal_clipped", mu=0.5, sigma=0.1, low=0.0, high=1.0)
    sim.Projection(source, cells, sim.FixedProbabilityConnector(0.5), sim.StaticSynapse(weight=weights))
    cells.record("spikes")
    rates, spikes = source.described, cells.monitor

    def method(idx: int, net: Network, rate: float) -> tuple[int, float]:
        net.get(rates).rates = rate
        net.simulate(200.0)
        return len(net.get(spikes).raster_plot()[0]), float(net.get(cells_).tau_m[0])

    cells_ = cells.described
    results = parallel_run(method, networks=sim.network(), seed=1, cluster="debug", rate=[0.0, 50.0, 50.0])
    counts, taus = zip(*results, strict=True)
    assert counts[0] == 0
    assert counts[1] > 10
    assert len(set(taus)) == 3


def test_of_a_view_only_its_neurons_are_recorded(sim: Any) -> None:
    cells = sim.Population(800, sim.IF_curr_exp(i_offset=1.2), label="cells")
    cells.record("spikes")
    cells[[3, 1]].record("v", sampling_interval=0.5)
    cells[1:3].record("v")
    spikes, v = cells.monitors
    assert (len(spikes.neurons), v.neurons.tolist()) == (800, [1, 2, 3])
    assert v.period == 0.5
    with pytest.raises(ValueError, match=r"cells has 2 monitors.*: spike of 800 neurons; v of 3 neurons"):
        _ = cells.monitor
    instance = sim.network().drawn(1)
    assert [t.ranks for t in instance.traces] == [(1, 2, 3)]
    sim.run(50.0)
    (signal,) = cells.get_data().segments[0].analogsignals
    assert signal.shape == (101, 3)
    assert signal.array_annotations["channel_index"].tolist() == [1, 2, 3]
    assert v.get("v").shape == (100, 3)
    (part,) = cells[2:9].get_data("v").segments[0].analogsignals
    assert (part.magnitude[:, 0] == signal.magnitude[:, 1]).all()
    assert part.array_annotations["channel_index"].tolist() == [2, 3]
    assert len(cells.get_spike_counts()) == 800


def test_values_become_those_of_the_description(sim: Any) -> None:
    pop = sim.Population(4, sim.IF_cond_exp(tau_m=lambda i: 10.0 + i, cm=0.5), initial_values={"v": -60.0})
    pop.initialize(v=sim.RandomDistribution("normal", mu=-65.0, sigma=2.0))
    assert pop.described.tau_m.tolist() == [10, 11, 12, 13]
    assert pop.described.v == Normal(-65.0, 2.0)
    assert pop.get("cm") == 0.5
    pop[1:3].set(cm=0.25, tau_m=sim.RandomDistribution("uniform", low=1.0, high=2.0))
    assert pop.get("cm").tolist() == [0.5, 0.25, 0.25, 0.5]
    drawn = pop.get("tau_m")
    assert drawn[[0, 3]].tolist() == [10, 13]
    assert 1 <= drawn[1] != drawn[2] <= 2
    pop[2].v_thresh = -40.0
    assert pop[2].v_thresh == -40.0
    assert pop[1].v_thresh == -50.0


def test_signs_are_pynns_and_weights_of_the_description_magnitudes(sim: Any) -> None:
    a, b = (sim.Population(3, sim.IF_curr_exp()) for _ in range(2))
    random = sim.RandomDistribution("uniform", low=-0.4, high=-0.2)
    projection = sim.Projection(a, b, sim.AllToAllConnector(), sim.StaticSynapse(weight=random))
    assert projection.described[0].target == "inh"
    assert projection.described[0].weights == Uniform(0.2, 0.4)
    assert (
        -0.4 <= np.min(projection.get("weight", "array")) <= np.max(projection.get("weight", "array")) <= -0.2
    )
    fewer = sim.Projection(a[:2], b, sim.OneToOneConnector(), sim.StaticSynapse(weight=0.5))
    assert fewer.get("weight", "list") == [(0, 0, 0.5), (1, 1, 0.5)]
    with pytest.raises(ValueError, match=r"delay=-0.1 ms; expected a time"):
        sim.Projection(
            a, b, sim.AllToAllConnector(), sim.StaticSynapse(delay=[[0.1] * 3, [0.1] * 3, [-0.1] * 3])
        )
    count = len(sim.network())
    for weight, receptor, must in ((-1.0, "excitatory", "positive"), (0.1, "inhibitory", "negative")):
        with pytest.raises(sim.errors.ConnectionError, match=f"a→b: Weights must be {must}"):
            sim.Projection(
                a,
                b,
                sim.AllToAllConnector(),
                sim.StaticSynapse(weight=weight),
                receptor_type=receptor,
                label="a→b",
            )
    assert len(sim.network()) == count


def test_every_connector_is_recorded(sim: Any, tmp_path: Path) -> None:
    a, b = sim.Population(12, sim.IF_curr_exp()), sim.Population((3, 4), sim.IF_curr_exp())
    (tmp_path / "list.txt").write_text(
        "# columns = ['i', 'j', 'weight', 'delay']\n0 1 0.5 0.2\n3 2 0.25 1.5\n"
    )

    class Near(sim.IndexBasedProbabilityConnector.__init__.__globals__["IndexBasedExpression"]):  # type: ignore[misc]
        def __call__(self, i: Any, j: Any) -> Any:
            return 1.0 * (abs(i - j) < 2)

    expected = {
        sim.AllToAllConnector(): 144,
        sim.OneToOneConnector(): 12,
        sim.FixedNumberPreConnector(5): 60,
        sim.FixedNumberPostConnector(20, with_replacement=True): 240,
        sim.FixedTotalNumberConnector(200): 200,
        sim.FixedProbabilityConnector(1.0): 144,
        sim.DistanceDependentProbabilityConnector("d < 0.5"): 3,
        sim.DisplacementDependentProbabilityConnector(lambda d: abs(d[0]) < 0.5): 12,
        sim.IndexBasedProbabilityConnector(Near()): 34,
        sim.FromListConnector([(0, 1), (2, 3), (2, 3)]): 3,
        sim.FromFileConnector(str(tmp_path / "list.txt")): 2,
        sim.ArrayConnector(np.eye(12, dtype=bool)): 12,
    }
    for connector, count in expected.items():
        projection = sim.Projection(a, b, connector, sim.StaticSynapse(weight=1.0, delay=0.5))
        assert len(projection) == count, type(connector).__name__
        clone = sim.Projection(a, b, sim.CloneConnector(projection), sim.StaticSynapse(weight=2.0))
        theirs, ours = (np.argwhere(~np.isnan(p.get("weight", "array"))) for p in (projection, clone))
        np.testing.assert_array_equal(theirs, ours)


def test_a_connection_set_connects_as_the_script_made_it(sim: Any) -> None:
    csa = pytest.importorskip("csa", reason="the Connection Set Algebra is not installed: pip install csa")
    a, b = sim.Population(30, sim.IF_curr_exp()), sim.Population(20, sim.IF_curr_exp())
    one, some, given = (
        sim.Projection(a, b, sim.CSAConnector(s), sim.StaticSynapse(weight=1.0))
        for s in (csa.oneToOne, csa.random(0.3), csa.cset(csa.oneToOne, 0.5, 1.5))
    )
    assert one.get("weight", "list") == [(i, i, 1.0) for i in range(20)]
    assert 180 - 50 < len(some) < 180 + 50
    assert given.get(["weight", "delay"], "list") == [(i, i, 0.5, 1.5) for i in range(20)]


def test_a_rule_for_an_assembly_counts_in_all_of_it(sim: Any) -> None:
    a, b, c = (sim.Population(n, sim.IF_cond_exp()) for n in (5, 7, 6))
    projection = sim.Projection(
        a + b,
        b[2:6] + c,
        sim.FixedNumberPreConnector(4),
        sim.StaticSynapse(weight=0.1),
        receptor_type="excitatory",
    )
    assert len(projection.described) == 4
    assert all(isinstance(p.connector, connectors.Block) for p in projection.described)
    table = projection.get("weight", "array")
    assert table.shape == (12, 10)
    assert (~np.isnan(table)).sum(axis=0).tolist() == [4] * 10


def test_running_changing_and_running_again(sim: Any) -> None:
    cells = sim.Population(3, sim.IF_curr_exp(i_offset=0.5))
    cells.record(["spikes", "v"], sampling_interval=1.0)
    sim.run(50.0)
    before = cells.get_data(clear=True).segments[0].analogsignals[0]
    cells[1:2].set(i_offset=5.0)
    sim.run(50.0)
    after = cells.get_data().segments[0]
    assert before.shape == after.analogsignals[0].shape == (51, 3)
    assert float(after.analogsignals[0].t_start) == 50.0
    np.testing.assert_array_equal(before[-1], after.analogsignals[0][0])
    counts = list(cells.get_spike_counts().values())
    assert counts[1] > 0 == counts[0]
    assert cells.mean_spike_count() == counts[1] / 3
    cells.initialize(v=-55.0)
    sim.reset()
    sim.run(10.0)
    last = cells.get_data().segments[-1].analogsignals[0]
    assert last[0].magnitude.tolist() == [-55.0] * 3
    assert sim.get_current_time() == 10.0


def test_data_are_written_at_the_end(sim: Any, tmp_path: Path) -> None:
    cells = sim.Population(2, sim.Izhikevich(i_offset=0.02))
    cells.record("v", to_file=str(tmp_path / "v.pkl"))
    sim.run(5.0)
    sim.end()
    block = pickle.loads((tmp_path / "v.pkl").read_bytes())
    assert block.segments[0].analogsignals[0].shape == (51, 2)


def test_a_current_may_be_changed_until_the_first_run(sim: Any) -> None:
    cells = sim.Population(2, sim.IF_curr_exp())
    step, direct = sim.StepCurrentSource(times=[1.0], amplitudes=[0.5]), sim.DCSource(amplitude=5.0)
    cells.inject(step)
    cells[1].inject(direct)
    step.set_parameters(times=[1.0, 3.0], amplitudes=[0.0, 0.2])
    direct.amplitude = -0.1
    direct.stop = 2.0
    cells.record("v")
    sim.run(5.0)
    v = cells.get_data().segments[0].analogsignals[0].magnitude
    assert (np.diff(v, axis=0) != 0).sum(axis=0).tolist() == [20, 50]
    assert v[20, 1] < -65.0 < v[50, 0]
    with pytest.raises(NotImplementedError, match=r"changed after the first run; give a StepCurrentSource"):
        direct.amplitude = 0.0
    assert direct.amplitude == -0.1


def _one_weight(sim: Any) -> None:
    a = sim.Population(2, sim.IF_curr_exp())
    sim.Projection(a, a, sim.AllToAllConnector())[0].weight = 0.5


def _late(sim: Any) -> None:
    pop = sim.Population(1, sim.IF_curr_exp())
    sim.run(1.0)
    pop.record("v")


def _script(sim: Any, connector: Any, **synapse: Any) -> None:
    a = sim.Population(2, sim.IF_curr_exp())
    sim.Projection(a, a, connector, sim.StaticSynapse(**{"weight": 1.0, **synapse}))


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (lambda sim: sim.IF_cond_exp_gsfa_grr(), "IF_cond_exp_gsfa_grr.*IF_curr_exp"),
        (lambda sim: sim.PointNeuron(sim.AdExp()), "AdExp.*IF_curr_exp"),
        (lambda sim: sim.setup(spike_precision="off_grid"), "spike_precision='off_grid'.*'on_grid'"),
        (lambda sim: sim.IntFire1, "sweep.pynn does not cover IntFire1"),
        (lambda sim: sim.MultiQuantalSynapse(n=2), "MultiQuantalSynapse.*TsodyksMarkramSynapse"),
        (lambda sim: _script(sim, sim.SmallWorldConnector(1.0, 0.1)), "SmallWorldConnector.*AllToAll"),
        (lambda sim: _script(sim, sim.FixedProbabilityConnector(0.5, "NoMutual")), "NoMutual"),
        (
            lambda sim: sim.STDPMechanism(sim.SpikePairRule(), sim.AdditiveWeightDependence(w_min=0.1)),
            "w_min",
        ),
        (lambda sim: sim.RandomDistribution("vonmises", mu=0.0, kappa=1.0), "vonmises.*uniform"),
        (_late, "record: the network has run already"),
        (_one_weight, r"setting weight of a single connection; .*projection.set\(weight=\)"),
    ],
)
def test_what_is_not_covered_says_so_by_name(sim: Any, what: Any, message: str) -> None:
    with pytest.raises((NotImplementedError, RuntimeError, AttributeError), match=message):
        _used(sim, what(sim))


def _used(sim: Any, given: Any) -> None:
    if isinstance(given, sim.RandomDistribution):
        sim.Population(2, sim.IF_curr_exp(tau_m=given))
    if isinstance(given, sim.STDPMechanism):
        pop = sim.Population(2, sim.IF_curr_exp())
        sim.Projection(pop, pop, sim.AllToAllConnector(), given)


def test_delays_off_the_grid_are_moved_with_a_warning(sim: Any) -> None:
    a = sim.Population(2, sim.IF_curr_exp())
    with pytest.warns(UserWarning, match="nearest step"):
        p = sim.Projection(a, a, sim.AllToAllConnector(), sim.StaticSynapse(weight=1.0, delay=0.32))
    assert p.get("delay", "list", with_address=False) == pytest.approx([0.3] * 4)
