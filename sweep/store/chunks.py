"""Chunks of arrays as bytes, and the metadata that tells zarr how to read them.

zarr reads stores, and does not write them: it takes 5 ms for making an array and 3 ms for extending one, of
which a small sweep has twenty. What it would write is small, and the tests compare the two.

Where zarr 3.1.6 extends the arrays, all else being the same, a store takes so many times as long to write:
of one network with spikes and traces 4 to 5 (in CPU time), of 5 or of 100 that return numbers 3, of 4,000
with 2,000 spikes each 1.8, of 20 with 2 MB each 1.3.
"""

from __future__ import annotations

import math
from typing import Any

import google_crc32c
import numpy as np
from numcodecs import Blosc, VLenUTF8
from numpy.typing import NDArray

# Times stay the floats that they were. As steps of dt they would be a fourth to a half smaller, and a store
# of spikes and traces a tenth; but a column would then mean two things, as some times are no steps.
# Bitshuffle: of spike times, ranks and traces, 7 % smaller than what bytes shuffled give at level 3, and
# made in a third of the time.
_BLOSC = Blosc("zstd", clevel=1, shuffle=Blosc.BITSHUFFLE)
_TEXTS = VLenUTF8()
_TEXT = np.dtypes.StringDType()


class DamagedChunk(ValueError):  # noqa: N818
    """A chunk is not as it was written."""


def encode(values: NDArray[Any]) -> bytes:
    """Turn the values of a whole chunk into the bytes of its file."""
    if values.dtype.kind == "T":
        plain = _TEXTS.encode(values.astype(object))
    else:
        plain = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    packed: bytes = _BLOSC.encode(plain)
    return packed + _sum(packed)


def intact(data: bytes) -> bool:
    """Whether the bytes of a file are those that were written."""
    return len(data) >= 4 and _sum(data[:-4]) == data[-4:]


def _sum(data: bytes) -> bytes:
    total: int = google_crc32c.value(data)
    return total.to_bytes(4, "little")


def decode(data: bytes, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Turn the bytes of a file back into values.

    Raises
    ------
    DamagedChunk
        They are not what was written.
    """
    if not intact(data):
        raise DamagedChunk("it differs from its checksum")
    plain = _BLOSC.decode(data[:-4])
    if dtype.kind == "T":
        return np.array(_TEXTS.decode(plain), _TEXT).reshape(shape)
    return np.frombuffer(plain, dtype.newbyteorder("<")).reshape(shape)


def fill(dtype: np.dtype[Any] | None) -> Any:
    """What stands in a column where a row has no value."""
    if dtype is None or dtype.kind == "T":
        return ""
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return int(info.min if dtype.kind == "i" else info.max)
    return {"b": False, "f": math.nan, "c": complex(math.nan, math.nan)}[dtype.kind]


def metadata(
    dtype: np.dtype[Any] | None,
    chunks: tuple[int, ...],
    dims: tuple[str, ...],
    key_encoding: dict[str, Any],
    fill_value: Any,
) -> dict[str, Any]:
    """Describe an array without rows as zarr does, in zarr.json; of strings where there is no dtype."""
    return {
        "shape": [0, *chunks[1:]],
        "data_type": "string" if dtype is None else dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [*chunks]}},
        "chunk_key_encoding": key_encoding,
        "fill_value": _as_json(fill_value),
        "codecs": _codecs(dtype),
        "attributes": {},
        "dimension_names": [*dims],
        "zarr_format": 3,
        "node_type": "array",
        "storage_transformers": [],
    }


def dtype_of(entry: dict[str, Any]) -> np.dtype[Any]:
    """Read the type of an array off its metadata."""
    name: str = entry["data_type"]
    return _TEXT if name == "string" else np.dtype(name)


def fill_of(entry: dict[str, Any]) -> Any:
    """Read off the metadata of an array what stands where nothing was written."""
    value = entry["fill_value"]
    if isinstance(value, list):
        return complex(*map(float, value))
    return float(value) if entry["data_type"].startswith("float") else value


def _as_json(value: Any) -> Any:
    if isinstance(value, complex):
        return [_as_json(value.real), _as_json(value.imag)]
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def _codecs(dtype: np.dtype[Any] | None) -> list[dict[str, Any]]:
    size = 1 if dtype is None else dtype.itemsize
    first: dict[str, Any] = {"name": "bytes"}
    if dtype is None:
        first = {"name": "vlen-utf8", "configuration": {}}
    elif size > 1:
        first["configuration"] = {"endian": "little"}
    about = {"typesize": size, "cname": "zstd", "clevel": 1, "shuffle": "bitshuffle", "blocksize": 0}
    return [first, {"name": "blosc", "configuration": about}, {"name": "crc32c"}]
