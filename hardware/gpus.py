"""The GPUs that this process may use, as NVIDIA's driver names them."""

from __future__ import annotations

import ctypes
from ctypes import byref, c_int
from functools import cache

_DRIVER = "libcuda.so.1"
_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_...


@cache
def capabilities() -> tuple[str, ...]:
    """Return the compute capability of each GPU, such as "9.0"; none where there is no driver."""
    return _asked(_DRIVER)


def _asked(library: str) -> tuple[str, ...]:
    try:
        driver = ctypes.CDLL(library)
    except OSError:
        return ()
    count = c_int(0)
    if driver.cuInit(0) or driver.cuDeviceGetCount(byref(count)):  # there is a driver, but no GPU for us
        return ()
    return tuple(_capability(driver, place) for place in range(count.value))


def _capability(driver: ctypes.CDLL, place: int) -> str:
    device, found = c_int(0), (c_int(0), c_int(0))
    driver.cuDeviceGet(byref(device), place)
    for value, attribute in zip(found, (_MAJOR, _MINOR), strict=True):
        driver.cuDeviceGetAttribute(byref(value), attribute, device)
    return ".".join(str(value.value) for value in found)
