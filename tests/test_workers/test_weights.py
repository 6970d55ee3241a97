from __future__ import annotations

import numpy as np
import pytest

from sweep import (
    AdditiveSTDP,
    IF_curr_exp,
    Izhikevich,
    Monitor,
    Network,
    Population,
    Projection,
    SpikeSourceArray,
)


def learning(period: float | None = 5.0) -> tuple[Network, Projection, Monitor, Monitor]:
    with Network(dt=0.1) as net:
        source = Population(2, SpikeSourceArray([[5.0, 12.0, 30.0], [8.0, 33.0]]))
        driver = Population(1, SpikeSourceArray([6.0, 20.0, 31.0]))
        cells = Population(3, IF_curr_exp(tau_syn_E=0.5))
        force = Projection(driver, cells, "exc")
        force.connect_all_to_all(weights=50.0)
        proj = Projection(source, cells, "exc", synapse=AdditiveSTDP(A_plus=0.1, A_minus=0.05, w_max=0.02))
        proj.connect_all_to_all(weights=0.01, delays=1.0)
        weights, spikes = Monitor(proj, "weights", period=period), Monitor(cells, "spike")
    return net, proj, weights, spikes


def test_weights_are_recorded_at_each_period_however_time_is_divided() -> None:
    records, trains = [], []
    for parts in ([40.0], [3.0, 2.0, 0.1, 20.0, 14.9]):
        net, proj, weights, spikes = learning()
        net.compile(seed=1)
        assert (proj.weights == 0.01).all()
        for ms in parts:
            net.simulate(ms)
        records.append(weights.get("weights"))
        trains.append(spikes.raster_plot())
        assert weights.times().tolist() == pytest.approx(np.arange(5.0, 41.0, 5.0))
        assert (proj.weights == records[-1][-1]).all()
    assert records[0].shape == (8, 6)
    np.testing.assert_array_equal(*records)
    np.testing.assert_array_equal(trains[0][0], trains[1][0])
    assert len(np.unique(records[0][:, 0])) > 2


def test_recording_weights_changes_no_spike() -> None:
    trains = []
    for period in (0.1, 40.0):
        net, _, _, spikes = learning(period)
        net.simulate(40.0)
        trains.append(spikes.raster_plot()[0].tolist())
    assert trains[0] == trains[1]
    assert trains[0]


def test_reset_forgets_what_was_learned_and_recorded() -> None:
    net, proj, weights, _ = learning()
    net.simulate(40.0)
    before = weights.get()
    net.reset()
    assert (proj.weights == 0.01).all()
    assert weights.get().shape == (0, 6)
    net.simulate(40.0)
    np.testing.assert_array_equal(weights.get(), before)


def test_a_copy_has_a_monitor_of_its_own_projection() -> None:
    net, proj, weights, _ = learning()
    twin = net.copy()
    assert twin.get(weights).projection is twin.get(proj)
    again = Network.from_dict(net.to_dict())
    again.simulate(10.0)
    assert again.get(weights).get("weights").shape == (2, 6)


def test_a_projection_has_nothing_else_to_record() -> None:
    cells = Population(2, Izhikevich)
    proj = Projection(cells, cells, "exc").connect_all_to_all(weights=1.0)
    with pytest.raises(ValueError, match="only 'weights' to record, no 'v'"):
        Monitor(proj, "v")
    with pytest.raises(ValueError, match="has no variable 'weights'"):
        Monitor(cells, "weights")


def test_weights_that_do_not_learn_can_be_recorded_too() -> None:
    cells = Population(2, Izhikevich)
    proj = Projection(cells, cells, "exc").connect_all_to_all(weights=1.0)
    weights = Monitor(proj, "weights", period=2.0)
    net = Network(everything=True)
    net.simulate(5.0)
    assert net.get(weights).get("weights").tolist() == [[1.0, 1.0]] * 2
    assert net.get(weights).to_neo().analogsignals[0].shape == (2, 2)
