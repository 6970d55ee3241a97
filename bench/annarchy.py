"""An environment of its own for each version of ANNarchy, kept in the user's cache directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

VERSIONS = ("4.8", "5.0")


def interpreter(version: str) -> str:
    """Return the path of a Python interpreter that has ANNarchy; its environment is made if need be."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = root / "neurosweep" / f"bench-annarchy-{version}"
    installed, python = folder / "installed.txt", folder / "bin" / "python"
    wanted = f"{sys.version}\n{_pins(version).read_text()}"
    if not (installed.exists() and installed.read_text() == wanted):
        _install(version, folder, python)
        installed.write_text(wanted)
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


def _pins(version: str) -> Path:
    return Path(__file__).with_name(f"annarchy-{version}.txt")


def _install(version: str, folder: Path, python: Path) -> None:
    print(f"Making an environment for ANNarchy {version} in {folder} ...", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--requirement", str(_pins(version))], check=True)
