"""Scripts as people type them, run by Python as people run them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr
from slurm_site import until
from stored import stored

PAGE = """
from sweep import Izhikevich, Monitor, PoissonPopulation, Population, Projection, parallel_run

pop1 = PoissonPopulation(100, rates=10.0)
pop2 = Population(100, Izhikevich)
proj = Projection(pop1, pop2, 'exc')
proj.connect_fixed_probability(weights=5.0, probability=0.2)
m = Monitor(pop2, 'spike')

def simulation(idx, net, rates):
    net.get(pop1).rates = rates
    net.simulate(1000.0)
    return net.get(m).raster_plot()

results = parallel_run(method=simulation, number=5, rates=[0., 5., 10., 15., 20.])
t1, n1 = results[0]
"""


def python(folder: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "script.py").write_text(script)
    command = [sys.executable, *arguments, "script.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_the_pages_script_without_a_main_guard(tmp_path: Path) -> None:
    done = python(tmp_path, PAGE + "print([len(t) for t, n in results])", "-W", "error")

    assert done.returncode == 0, done.stderr
    counts = eval(done.stdout)
    assert counts[0] == 0
    assert counts == sorted(counts)
    assert counts[-1] > 100
    assert done.stderr == ""


def test_a_script_may_have_files_of_our_names_beside_it(tmp_path: Path) -> None:
    for name in ("workers", "hardware"):
        (tmp_path / f"{name}_of_mine.py").write_text("")
    (tmp_path / "helper.py").write_text("def double(x):\n    return 2 * x\n")
    script = "import helper\nfrom sweep import parallel_run\n"
    script += "print(list(parallel_run(lambda idx, net: helper.double(idx), number=3)))"

    assert python(tmp_path, script).stdout == "[0, 2, 4]\n"


def test_a_class_of_the_script_may_be_a_parameter_and_come_back(tmp_path: Path) -> None:
    script = """
from dataclasses import dataclass
from sweep import parallel_run

@dataclass
class Point:
    x: int
    y: float

def method(idx, net, point):
    return Point(point.x + idx, point.y)

print(list(parallel_run(method, number=2, point=[Point(1, 2.0), Point(3, 4.0)])))
"""
    assert python(tmp_path, script).stdout == "[Point(x=1, y=2.0), Point(x=4, y=4.0)]\n"


def test_a_notebook_may_define_everything_in_its_cells(tmp_path: Path) -> None:
    nbformat = pytest.importorskip(
        "nbformat", reason="notebooks need nbformat: pip install 'neurosweep[test]'"
    )
    nbclient = pytest.importorskip(
        "nbclient", reason="notebooks need nbclient: pip install 'neurosweep[test]'"
    )
    cells = [*PAGE.split("\n\n"), "len(t1), len(results[4][0]) > 100"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])

    nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}}).execute()

    assert notebook.cells[-1].outputs[0]["data"]["text/plain"] == "(0, True)"


INTERRUPTED = """
import time
from sweep import parallel_run

def method(idx, net):
    time.sleep(0.05)
    return idx

parallel_run(method, number=10000, store="kept.zarr", progress=True)  # takes minutes
"""


def test_ctrl_c_stops_at_once_and_leaves_the_store_usable(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(INTERRUPTED)
    process = subprocess.Popen(
        [sys.executable, "script.py"], cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    with process:
        until(lambda: len(stored(tmp_path / "kept.zarr")) >= 10, 120)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)

    assert "KeyboardInterrupt" in errors
    kept = xr.open_dataset(tmp_path / "kept.zarr", engine="zarr")
    assert 10 <= kept.sizes["network"] < 10000
    assert (kept["result"] == kept["network"]).all()


def test_the_progress_bar_counts_networks_and_failures(tmp_path: Path) -> None:
    script = """
from sweep import parallel_run

parallel_run(lambda idx, net: 1 / (idx - 2), number=8, on_error="keep", progress=True)
"""
    done = python(tmp_path, script)

    assert done.returncode == 0, done.stderr
    assert "8/8 networks, 1 failed" in done.stderr
