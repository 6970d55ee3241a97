from __future__ import annotations

from collections.abc import Iterator

import cloudpickle
import numpy as np
import pytest

from workers import simulators
from workers.live import Network
from workers.lockstep import run_side_by_side
from workers.network import (
    IF_curr_exp,
    Izhikevich,
    Monitor,
    PoissonPopulation,
    Population,
    Projection,
    base,
    clear,
    setup,
)
from workers.task import Job, run_network
from workers.values import decode


@pytest.fixture(autouse=True)
def _empty_base() -> Iterator[None]:
    clear()
    yield
    clear()


def names(network) -> list[str]:
    return [member.name for member in network]


def small() -> tuple[Population, Population, Projection, Monitor]:
    source, cells = PoissonPopulation(3, rates=10.0), Population((2, 2), Izhikevich(a=0.03))
    return source, cells, Projection(source, cells).connect_all_to_all(1.0), Monitor(cells, "spike")


def test_names_are_derived_from_what_an_object_is() -> None:
    small()
    assert names(base()) == [
        "Poisson[3]",
        "Izhikevich[2x2]",
        "Poisson[3]->Izhikevich[2x2].exc",
        "monitor(Izhikevich[2x2])",
    ]


def test_objects_of_one_kind_are_counted() -> None:
    assert [Population(5, Izhikevich).name for _ in range(3)] == [
        "Izhikevich[5]",
        "Izhikevich[5]#2",
        "Izhikevich[5]#3",
    ]


def test_a_given_name_is_kept_and_cannot_be_given_twice() -> None:
    first = Population(5, Izhikevich, name="cells")
    assert first.name == "cells"
    with pytest.raises(ValueError, match=r"'cells' is taken by <Population cells>; give another"):
        Monitor(first, "spike", name="cells")
    assert names(base()) == ["cells"]


def test_what_is_refused_does_not_join() -> None:
    with pytest.raises(AttributeError):
        Population(5, Izhikevich(tau_m=1.0))
    assert len(base()) == 0


def test_objects_join_the_base_network_or_the_open_one() -> None:
    outside = Population(1, Izhikevich)
    with Network() as net:
        inside = Population(2, Izhikevich)
        with Network() as inner:
            innermost = Population(3, Izhikevich)
        after = Population(4, Izhikevich)
    assert list(base()) == [outside]
    assert list(net) == [inside, after]
    assert list(inner) == [innermost]


def test_a_network_is_left_also_by_an_error() -> None:
    def broken() -> None:
        with Network():
            raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        broken()
    assert Population(1, Izhikevich) in base()


def test_clear_empties_the_base_network() -> None:
    small()
    setup(dt=0.1)
    clear()
    assert (len(base()), base().dt) == (0, 1.0)
    assert Population(5, Izhikevich).name == "Izhikevich[5]"


def test_setup_sets_dt_of_networks_made_later() -> None:
    before = Network()
    setup(dt=0.25)
    assert (before.dt, base().dt, Network().dt, Network(dt=0.5).dt) == (1.0, 0.25, 0.25, 0.5)
    assert Network(everything=True).copy().dt == 0.25


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_objects_are_added_in_any_order(order: tuple[int, ...]) -> None:
    objects = small()
    net = Network()
    for place in order:
        net.add(objects[place])
    together = Network()
    together.add([objects[place] for place in order])
    for network in (net, together):
        source, cells, projection, monitor = (network.get(obj) for obj in objects)
        assert (projection.pre, projection.post, monitor.population) == (source, cells, cells)


def test_copies_are_equal_and_distinct() -> None:
    objects = small()
    net = Network(everything=True)
    other = net.copy()
    assert names(net) == names(other) == names(base())
    for obj in objects:
        assert len({id(obj), id(net.get(obj)), id(other.get(obj))}) == 3
        assert type(net.get(obj)) is type(obj)
    _, cells, projection, _ = objects
    assert net.get(cells).a == cells.a == 0.03
    assert net.get(projection).connector == projection.connector


def test_copies_refer_to_their_own() -> None:
    source, cells, projection, monitor = small()
    net = Network(everything=True)
    other = net.copy()
    for network in (net, other):
        assert network.get(projection).pre is network.get(source)
        assert network.get(projection).post is network.get(cells)
        assert network.get(monitor).population is network.get(cells)
    assert projection.pre is source
    assert monitor.population is cells


def test_copies_change_on_their_own() -> None:
    source, cells, projection, _ = small()
    net = Network(everything=True)
    other = net.copy()
    net.get(cells).a = 0.1
    other.get(source).rates = np.array([1.0, 2.0, 3.0])
    net.get(projection).connect_fixed_probability(0.5, 2.0)
    assert (cells.a, net.get(cells).a, other.get(cells).a) == (0.03, 0.1, 0.03)
    assert source.rates == net.get(source).rates == 10.0
    assert other.get(source).rates.tolist() == [1.0, 2.0, 3.0]
    assert projection.weights == other.get(projection).weights == 1.0
    with net:
        extra = Population(1, Izhikevich)
    assert extra in net
    assert extra not in other
    assert extra not in base()


def test_changes_of_the_base_do_not_reach_copies() -> None:
    _, cells, *_ = small()
    net = Network(everything=True)
    cells.a = 0.2
    assert net.get(cells).a == 0.03


def test_an_array_that_is_changed_later_is_not_changed_in_the_network() -> None:
    given = np.array([1.0, 2.0, 3.0])
    source = PoissonPopulation(3, rates=given)
    given[0] = 99.0
    assert source.rates.tolist() == [1.0, 2.0, 3.0]


def test_an_object_cannot_be_added_twice() -> None:
    source, *_ = small()
    net = Network(everything=True)
    with pytest.raises(ValueError, match=r"the network has <PoissonPopulation Poisson\[3\]> already"):
        net.add(source)


def test_get_of_the_own_copy_gives_itself() -> None:
    source, *_ = small()
    net = Network(everything=True)
    assert net.get(net.get(source)) is net.get(source)


def test_get_tells_apart_objects_of_one_name() -> None:
    with Network():
        same_name = Monitor(Population(2, Izhikevich), "spike", name="x")
    net = Network()
    net.add(Population(2, Izhikevich, name="x"))
    with pytest.raises(KeyError):
        net.get(same_name)


def test_parameters_are_attributes() -> None:
    cells = Population((2, 3), IF_curr_exp(tau_m=[[1, 2, 3], [4, 5, 6]]))
    assert cells.tau_m.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert cells.cm == 1.0
    cells.cm = 2
    assert cells.cm == 2.0
    assert (cells.size, len(cells), cells.geometry, cells.ranks.tolist()) == (6, 6, (2, 3), list(range(6)))
    assert cells.positions.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]


def sent() -> tuple[Network, dict]:
    """A network and the objects of a method's closure, sent together as to a worker."""
    source, cells, projection, monitor = small()

    def method() -> dict:
        return {"source": source, "cells": cells, "projection": projection, "monitor": monitor}

    network, received = cloudpickle.loads(cloudpickle.dumps((Network(everything=True), method)))
    clear()
    return network, received()


def test_a_method_that_was_sent_finds_the_network_s_own() -> None:
    network, mine = sent()
    assert names(network) == [obj.name for obj in mine.values()]
    for obj in mine.values():
        assert network.get(obj) is not obj
    assert network.get(mine["projection"]).pre is network.get(mine["source"])
    assert network.get(mine["monitor"]).population is network.get(mine["cells"])
    network.get(mine["source"]).rates = 5.0
    network.get(mine["projection"]).connect_all_to_all(3.0)
    assert network.get(mine["source"]).rates == 5.0


def test_the_objects_of_a_method_s_closure_cannot_be_changed_by_mistake() -> None:
    _, mine = sent()
    with pytest.raises(AttributeError, match=r"base network's; .* net\.get\(population\)\.rates = "):
        mine["source"].rates = 5.0
    with pytest.raises(RuntimeError, match=r"net\.get\(projection\)"):
        mine["projection"].connect_all_to_all(3.0)
    with pytest.raises(RuntimeError, match=r"ask net\.get\(monitor\)"):
        mine["monitor"].get()
    assert mine["source"].rates == 10.0


def test_a_copy_of_what_was_sent_is_not_detached() -> None:
    _, mine = sent()
    net = Network()
    net.add(list(mine.values()))
    net.get(mine["source"]).rates = 7.0
    assert net.get(mine["source"]).rates == 7.0


def test_sending_changes_nothing_here() -> None:
    source, *_ = small()
    cloudpickle.dumps((Network(everything=True), source))
    source.rates = 1.0
    assert source.rates == 1.0


def test_what_methods_make_joins_their_own_networks() -> None:
    def method(idx: int, net: Network) -> list[str]:
        cells = Population(2, Izhikevich, name="cells")
        Monitor(cells, "v")
        with Network() as other:  # which stays open while the other methods run
            Population(1, Izhikevich, name=f"of {idx}")
            net.simulate(1.0)
            Population(1, Izhikevich, name="last")
        return [*names(net), *names(other)]

    job = Job(method, (Network(),), "nest", 5)
    outcomes = run_side_by_side(job, range(2), [{}] * 2, simulators.start("nest"))
    outcomes += [run_network(job, index, {}) for index in range(2)]
    values = [decode(o.value.structure, o.value.leaves) for o in outcomes if o.value is not None]
    assert values == [["cells", "monitor(cells)", f"of {idx}", "last"] for idx in (0, 1, 0, 1)]
    assert not names(base())


def test_a_method_can_make_nothing_in_a_network_that_has_run() -> None:
    def method(idx: int, net: Network) -> None:
        net.simulate(1.0)
        Population(2, Izhikevich)

    with Network() as net:
        Population(1, Izhikevich)
    failure = run_network(Job(method, (net,), "nest", 5), 0, {}).failure
    assert failure is not None
    assert "a new object: the network is compiled" in failure.message
