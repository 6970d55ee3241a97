from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from hardware import gpus

# In place of NVIDIA's driver: here is none.
FAKE = """
int cuInit(unsigned flags) { return INIT; }
int cuDeviceGetCount(int *count) { *count = 2; return 0; }
int cuDeviceGet(int *device, int place) { *device = 40 + place; return 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    *value = attribute == 75 ? device - 32 : attribute == 76 ? 6 * (device - 40) : -1;
    return 0;
}
"""


def test_without_a_driver_there_are_none(tmp_path: Path) -> None:
    assert gpus._asked(str(tmp_path / "libnone.so")) == ()


@pytest.mark.skipif(shutil.which("cc") is None, reason="makes a library in place of the driver's")
@pytest.mark.parametrize(("init", "expected"), [(0, ("8.0", "9.6")), (100, ())])
def test_the_driver_says_what_each_can_do(init: int, expected: tuple[str, ...], tmp_path: Path) -> None:
    source, library = tmp_path / "fake.c", tmp_path / "libfake.so"
    source.write_text(FAKE)
    subprocess.run(["cc", f"-DINIT={init}", "-shared", "-fPIC", source, "-o", library], check=True)
    assert gpus._asked(str(library)) == expected
