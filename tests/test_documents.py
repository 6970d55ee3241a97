"""Every example in the README and every notebook runs, and shows what the quickstart does."""

from __future__ import annotations

import builtins
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

import sweep

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
QUICKSTART = (ROOT / "notebooks" / "quickstart.py").read_text()


def code_of(notebook: Any) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def read(path: Path) -> Any:
    nbformat = pytest.importorskip("nbformat", reason="notebooks need nbformat, of the extra 'test'")
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("block", BLOCKS, ids=[f"block {i}" for i in range(len(BLOCKS))])
def test_examples_of_the_readme_run(block: str, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", block]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)

    assert done.returncode == 0, done.stderr


def test_the_quickstart_leaves_a_store_and_a_picture(tmp_path: Path) -> None:
    script = ROOT / "notebooks" / "quickstart.py"
    subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, timeout=200, check=True)

    with xr.open_dataset(tmp_path / "rates.zarr", engine="zarr") as stored:
        assert stored.sizes["network"] == 36
        rates = stored.swap_dims(network="rates")["rate"].groupby("rates").mean()
    assert rates[0] == 0.0
    assert (rates.diff("rates") > 0).all()
    assert (tmp_path / "rates.png").stat().st_size > 1000


def test_the_readme_shows_the_quickstart() -> None:
    assert BLOCKS[0] == QUICKSTART


def test_the_notebook_is_the_quickstart() -> None:
    cells = code_of(read(ROOT / "notebooks" / "quickstart.ipynb"))

    assert [line for cell in cells for line in cell.split("\n") if line] == [
        line for line in QUICKSTART.split("\n") if line
    ]


def test_a_star_import_leaves_the_built_in_functions() -> None:
    assert not set(sweep.__all__) & set(dir(builtins))
    assert {"open", "parallel_run"} <= set(dir(sweep))


def test_help_says_what_each_argument_is() -> None:
    lacking = {name: _not_described(getattr(sweep, name)) for name in dir(sweep)}
    assert not {name: arguments for name, arguments in lacking.items() if arguments}


def _not_described(public: Any) -> set[str]:
    """The arguments that a docstring does not list, as "name : type" or "name, other : type"."""
    said = re.findall(r"^ *([*\w]+(?:, \w+)*) :", public.__doc__ or "", flags=re.MULTILINE)
    names = {name.lstrip("*") for listed in said for name in listed.split(", ")}
    arguments = set(inspect.signature(public).parameters) - {"values"}  # of models: any of their parameters
    return arguments - names


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_run_and_are_kept_without_outputs(path: Path, tmp_path: Path) -> None:
    notebook = read(path)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    nbclient = pytest.importorskip("nbclient", reason="notebooks need nbclient, of the extra 'test'")

    nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}}).execute()
