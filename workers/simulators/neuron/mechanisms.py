"""The mechanisms that networks need in NEURON, PyNN's and our own: compiled once, into a cache of our own.

PyNN would compile them when it is first imported, within site-packages, in each process that comes at that
time. Here one process does it, under a lock, when the project is installed, or else before the first network.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from workers.simulators import keyed
from workers.simulators.compiled import cache, locked, make_writable

OWN = Path(__file__).parent / "nmodl"
LIBRARY = Path(platform.machine()) / "libnrnmech.so"


def load() -> None:
    """Load the mechanisms into NEURON, compiling them first where nobody has.

    Raises
    ------
    RuntimeError
        If they cannot be compiled, naming what is missing.
    """
    import neuron

    folder, theirs = prepare(), str(sources())
    if theirs not in neuron.nrn_dll_loaded:
        neuron.load_mechanisms(str(folder))
        neuron.nrn_dll_loaded.append(theirs)  # so that PyNN, which looks here, does not compile its own


def prepare() -> Path:
    """Compile the mechanisms unless it has been done, and return their folder."""
    folder = cache() / "neuron" / _key()
    if not (folder / LIBRARY).exists():
        make_writable(folder.parent, "simulator 'neuron' compiles its mechanisms")
        with locked(folder.parent / "lock"):  # others wait, and find it done
            if not (folder / LIBRARY).exists():
                _compile(folder)
    return folder


def sources() -> Path:
    """Return PyNN's folder of mechanisms, without importing PyNN."""
    spec = find_spec("pyNN")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("simulator 'neuron' needs the package pyNN: pip install pynn")
    return Path(spec.submodule_search_locations[0]) / "neuron" / "nmodl"


def _key() -> str:
    """Name what the compiled code depends on: the sources, NEURON, where it lies, and the C library."""
    spec = find_spec("neuron")
    parts = [version("neuron"), str(spec and spec.origin), platform.machine(), *platform.libc_ver()]
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=16)
    for text in _texts().values():
        digest.update(text.encode())
    return digest.hexdigest()


def _texts() -> dict[str, str]:
    """Return the sources by name.

    PyNN solves u of Izhikevich's neuron and w of the adaptive exponential one by Newton iterations to a
    finite tolerance. Their equations are linear: solved exactly they cost less, and bear steps of no length.
    """
    theirs = {p.name: p.read_text() for p in sorted(sources().glob("*.mod"))}
    solved = {name: text.replace("METHOD derivimplicit", "METHOD cnexp") for name, text in theirs.items()}
    return solved | {p.name: p.read_text().replace("KEYED\n", keyed.CODE) for p in sorted(OWN.glob("*.mod"))}


def _compile(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as parent:
        work = Path(parent) / "work"
        work.mkdir()
        for name, text in _texts().items():
            (work / name).write_text(text)
        result = _run([_nrnivmodl(), "."], work)
        if not (work / LIBRARY).exists():
            raise RuntimeError(_why(result))
        work.rename(folder)  # it is there whole, or not at all


def _run(command: list[str], folder: Path) -> str:
    # NEURON's script wants its own directory first in the path, wherever Python was started from.
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def _nrnivmodl() -> str:
    places = [sysconfig.get_path("scripts"), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    found = shutil.which("nrnivmodl", path=os.pathsep.join(places))
    if found is None:
        raise RuntimeError(
            "simulator 'neuron': nrnivmodl, which comes with NEURON, is not found: pip install neuron"
        )
    return found


def _why(output: str) -> str:
    compiler = os.environ.get("CXX", "g++").split()[0]
    if shutil.which(compiler) is None or shutil.which("make") is None:
        return (
            f"simulator 'neuron' needs a C++ compiler and make for its mechanisms, and finds no "
            f"{compiler if shutil.which(compiler) is None else 'make'}: apt install g++ make, for example"
        )
    return f"simulator 'neuron': its mechanisms cannot be compiled; nrnivmodl says:\n{output[-2000:]}"
