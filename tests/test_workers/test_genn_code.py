"""What GeNN compiles, how often, and for whom; skipped where it is not installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from on_genn import built

from hardware import gpus
from workers.simulators.genn import adapter, cache, plan
from workers.simulators.genn.adapter import Genn
from workers.testing.networks import cells, instance, random_network, recorded, same, synapses, told

genn_model = pytest.importorskip("pygenn.genn_model", reason=f"GeNN is not installed: {Genn.install}")


def test_networks_of_one_structure_are_compiled_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for dt, weight, delay, most in ((0.1, 1.0, 3, 24), (1.0, 2.0, 7, 22)):
        wiring = synapses([(0, i) for i in range(most)], weight, delay)
        built(instance(cells("Izhikevich", 30), wiring, sources=10, dt=dt))
    assert compiled() == [[10, 32, 48, 16]]
    assert cache.folder("single_threaded_cpu").is_relative_to(tmp_path)


def compiled() -> list[list[int]]:
    """Return the sizes of all that was compiled."""
    found = cache.folder("single_threaded_cpu").glob("*/*/sizes.json")
    return sorted(json.loads(file.read_text()) for file in found)


def test_code_for_a_gpu_is_that_gpus_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The choices only: this was written where there is no GPU."""
    monkeypatch.setattr(genn_model, "backend_modules", dict.fromkeys(["cuda", "single_threaded_cpu"]))
    found = []
    for capabilities in ((), ("8.0",), ("9.0",)):
        monkeypatch.setattr(gpus, "capabilities", lambda known=capabilities: known)
        found.append((cache.backends()[0], cache.folder("cuda"), cache.folder("single_threaded_cpu")))
    assert [backend for backend, *_ in found] == ["single_threaded_cpu", "cuda", "cuda"]
    assert len({of_gpu for _, of_gpu, _ in found}) == 3
    assert len({of_cpu for *_, of_cpu in found}) == 1


def test_code_for_many_neurons_serves_fewer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """So the last networks of a sweep, which are fewer than a task has, need none of their own."""

    def run(size: int) -> Any:
        r = np.random.default_rng(size)
        wiring = synapses([(0, i) for i in range(size)], r.uniform(20.0, 60.0, size), 2)
        network_ = instance(cells("Izhikevich", size), wiring, traces=[("v", 1)])
        return recorded(built(network_), network_, told(*((s, 0) for s in range(1, 100, 9)))[0], [50, 120])

    alone = run(3)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(Genn, "_prepared", {})
    monkeypatch.setattr(Genn, "_lent", Counter())
    run(60)
    assert compiled() == [[4, 64, 96, 16]]
    for size in (60, 15, 9, 3):
        found = run(size)
    assert same(found, alone)
    monkeypatch.setattr(Genn, "_prepared", {})  # as in another process
    run(30)
    assert len(compiled()) == 1
    for _ in range(adapter._LENT):
        found = run(3)
    assert compiled() == [[4, 4, 16, 16], [4, 64, 96, 16]]
    assert same(found, alone)


def test_processes_that_want_the_same_code_compile_it_once(tmp_path: Path) -> None:
    program = """if True:
        from workers.simulators.genn.adapter import Genn
        from workers.testing.networks import cells, instance, told
        simulator = Genn("single_threaded_cpu")
        simulator.build(instance(cells("Izhikevich", 11)))
        simulator.run(5, told())
    """
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    both = [subprocess.Popen([sys.executable, "-c", program], env=environment) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert len(list(tmp_path.glob("neurosweep/*/*/*/sizes.json"))) == 1


def test_synapses_for_which_code_has_no_room_are_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """GeNN's own way would write them into the rows of other neurons."""
    monkeypatch.setattr(plan.Plan, "fits", lambda compiled, wanted: compiled.sizes[:2] == wanted.sizes[:2])
    monkeypatch.setattr(Genn, "_prepared", {})
    wirings = [synapses([(0, i % 2) for i in range(number)], 1.0, 1) for number in (1, 5000)]
    few, many = (instance(cells("Izhikevich", 2), wiring) for wiring in wirings)
    built(few)
    with pytest.raises(RuntimeError, match="0-1-exc-StaticSynapse: 5000 synapses do not fit into a row"):
        built(many)


@pytest.mark.parametrize("size", [1, 20])
def test_a_simulator_whose_network_was_replaced_says_so(size: int) -> None:
    one, other = built(instance(cells("Izhikevich"))), built(instance(cells("Izhikevich", size)))
    with pytest.raises(RuntimeError, match="another network"):
        one.run(1, told())
    other.run(1, told())


def test_what_cannot_be_compiled_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    network_ = instance(cells("Izhikevich", 33))
    for compiler, message in (("nosuch", "finds no nosuch"), ("false", "cannot be compiled with false")):
        monkeypatch.setenv("CXX", compiler)
        with pytest.raises(RuntimeError, match=message):
            built(network_)
    monkeypatch.delenv("CXX")
    built(network_).run(1, told())


def test_long_runs_are_recorded_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, stimulus = random_network("IF_curr_exp", steps=300)
    expected = recorded(built(whole), whole, stimulus, [300])
    assert expected[0][0].steps.size > 5
    monkeypatch.setattr(plan, "_LONGEST", 64)
    assert same(expected, recorded(built(whole), whole, stimulus, [300]))
    assert same(expected, recorded(built(whole), whole, stimulus, [100, 164, 300]))
