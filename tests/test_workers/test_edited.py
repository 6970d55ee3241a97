from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest

from workers.edited import Imported, is_installed, versions


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module of a person's, imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / "own_of_a_person.py"
    write(path, "answer = 1", 1e9)
    before = dict(sys.modules)
    yield path
    sys.modules.pop(path.stem, None)
    sys.modules.update(before)  # the modules of tests have been forgotten, too


def write(path: Path, text: str, when: float) -> None:
    path.write_text(text)
    os.utime(path, (when, when))


def test_an_edited_module_is_imported_anew(own: Path) -> None:
    modules = Imported()
    modules.note()
    first = importlib.import_module(own.stem)
    before = versions()
    modules.note()
    modules.forget_edited()
    assert sys.modules[own.stem] is first

    write(own, "answer = 22", 2e9)
    modules.forget_edited()
    assert own.stem not in sys.modules
    assert importlib.import_module(own.stem).answer == 22
    assert versions() != before


def test_a_module_that_is_gone_is_forgotten(own: Path) -> None:
    modules = Imported()
    importlib.import_module(own.stem)
    modules.note()
    own.unlink()
    modules.forget_edited()
    assert own.stem not in sys.modules


def test_what_is_installed(own: Path) -> None:
    importlib.import_module(own.stem)

    assert all(is_installed(name) for name in ("json", "workers", "workers.edited", numpy.__name__))
    assert not is_installed(own.stem)
