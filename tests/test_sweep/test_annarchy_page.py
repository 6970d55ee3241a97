"""The three ways of ANNarchy's documentation, as people type them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from sweep import Network, parallel_run


def test_number_with_a_rate_of_ten_times_the_index(page: SimpleNamespace) -> None:
    inputs, spikes = page.inputs, page.spikes

    def simulation(idx, net):
        net.get(inputs).rates = 10.0 * idx
        net.simulate(1000.0)
        return net.get(spikes).raster_plot()

    results = parallel_run(method=simulation, number=3, seed=1)

    t1, n1 = results[0]
    assert len(t1) == len(n1) == 0
    counts = [len(t) for t, _ in results]
    assert counts[0] < counts[1] < counts[2]
    times, ranks = results[2]
    assert times.dtype == np.float64
    assert 0 < times.min() <= times.max() <= 1000.0
    assert set(ranks) <= set(range(100))


def test_networks_with_different_contents(page: SimpleNamespace) -> None:
    inputs, cells, synapses, spikes = page.inputs, page.cells, page.synapses, page.spikes
    net1 = Network()
    net1.add([cells, spikes])
    net2 = Network()
    net2.add([inputs, cells, synapses, spikes])
    net3 = Network(everything=True)
    net3.get(inputs).rates = 20.0

    def simulation(idx, net):
        net.simulate(1000.0)
        return net.get(spikes).raster_plot()

    results = parallel_run(method=simulation, networks=[net1, net2, net3], seed=1)

    silent, some, more = (len(times) for times, _ in results)
    assert silent == 0
    assert 0 < some < more


def test_lists_as_arguments(page: SimpleNamespace) -> None:
    inputs, spikes = page.inputs, page.spikes

    def simulation(idx, net, rates):
        net.get(inputs).rates = rates
        net.simulate(1000.0)
        return net.get(spikes).raster_plot()

    results = parallel_run(method=simulation, number=5, rates=[0.0, 5.0, 10.0, 15.0, 20.0], seed=1)

    counts = [len(times) for times, _ in results]
    assert counts[0] == 0
    assert counts == sorted(counts)
    assert counts[4] > 5 * counts[1]
