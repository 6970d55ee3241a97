"""An environment of its own for ANNarchy 4.8, kept in the user's cache directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PINS = Path(__file__).with_name("annarchy-4.8.txt")


def interpreter() -> str:
    """Return the path of a Python interpreter that has ANNarchy 4.8; its environment is made if need be."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = root / "neurosweep" / "bench-annarchy-4.8"
    installed, python = folder / "installed.txt", folder / "bin" / "python"
    if not (installed.exists() and installed.read_text() == _wanted()):
        _install(folder, python)
        installed.write_text(_wanted())
    return str(python)


def check_compiler() -> None:
    """Check for what ANNarchy compiles with.

    Raises
    ------
    RuntimeError
        If something is missing.
    """
    missing = [program for program in ("g++", "make") if shutil.which(program) is None]
    if missing:
        raise RuntimeError(
            f"ANNarchy compiles each network and needs {' and '.join(missing)}, not found here"
        )


def _wanted() -> str:
    return f"{sys.version}\n{PINS.read_text()}"


def _install(folder: Path, python: Path) -> None:
    print(f"Making an environment for ANNarchy 4.8 in {folder} ...", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([str(python), "-m", "pip", "install", *quiet, "--requirement", str(PINS)], check=True)
