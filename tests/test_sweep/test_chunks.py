"""What we write is what zarr would, and what zarr writes is what we read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec

from sweep.store import chunks
from sweep.store.arrays import CHUNK_NAMES, Arrays
from workers.folder import LocalFolder

VALUES: list[Any] = [
    np.array([True, False, True] * 3),
    np.arange(9, dtype="u1"),
    np.arange(9, dtype="i8"),
    np.arange(9, dtype="f2"),
    np.arange(18, dtype="f4").reshape(9, 2),
    np.arange(36, dtype="f8").reshape(9, 2, 2),
    np.arange(9) * 1j,
    np.array(["", "a", "é\0", "x" * 300] * 2, np.dtypes.StringDType()),
]


def ours(path: Path, values: Any, generation: int = 0) -> Arrays:
    arrays = Arrays(LocalFolder(path))
    dtype = None if values.dtype.kind == "T" else values.dtype
    dims = tuple(f"d{i}" for i in range(values.ndim))
    arrays.create("a", dtype, dims, (0, *values.shape[1:]), {"x": 1}, generation=generation)
    for start in range(0, len(values), 3):
        arrays.extend("a", values[start : start + 3])
    arrays.publish(arrays.metadata())
    return arrays


def theirs(path: Path, values: Any, chunk: tuple[int, ...], generation: int) -> zarr.Array[Any]:
    text = values.dtype.kind == "T"
    size = 1 if text else values.dtype.itemsize
    array = zarr.create_array(
        path / "a",
        shape=values.shape,
        dtype="string" if text else values.dtype,
        chunks=chunk,
        compressors=[BloscCodec(cname="zstd", clevel=1, shuffle="bitshuffle", typesize=size), Crc32cCodec()],
        fill_value=chunks.fill(values.dtype),
        dimension_names=[f"d{i}" for i in range(values.ndim)],
        attributes={"x": 1},
        chunk_key_encoding=CHUNK_NAMES[generation],
    )
    array[:] = values
    return array


@pytest.mark.parametrize("values", VALUES, ids=lambda v: f"{v.dtype}{v.ndim}")
@pytest.mark.parametrize("generation", range(len(CHUNK_NAMES)))
@pytest.mark.parametrize("longest", [4, 100])
def test_as_zarr_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: Any, generation: int, longest: int
) -> None:
    monkeypatch.setattr("sweep.store.arrays.LONGEST_OF_NETWORKS", longest)
    arrays = ours(tmp_path / "ours", values, generation)
    theirs(tmp_path / "theirs", values, arrays["a"].chunks, generation)
    files = [
        {str(f.relative_to(tmp_path / who)) for f in (tmp_path / who).rglob("*") if f.is_file()}
        for who in ("ours", "theirs")
    ]
    assert files[0] == files[1]
    both = [json.loads((tmp_path / who / "a" / "zarr.json").read_text()) for who in ("ours", "theirs")]
    assert both[0] == both[1]
    read = zarr.open_array(tmp_path / "ours" / "a", mode="r")
    assert read.fill_value == arrays["a"].fill_value or read.fill_value != read.fill_value
    assert np.asarray(read[:]).tolist() == values.tolist()
    again = Arrays(LocalFolder(tmp_path / "theirs"))
    again.open({"a": both[1]})
    assert again["a"][:].tolist() == values.tolist()
    assert again["a"][3:8].tolist() == values[3:8].tolist()


def test_rows_are_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sweep.store.arrays.LONGEST_OF_NETWORKS", 4)
    array = ours(tmp_path, np.arange(9))["a"]
    array[2:7] = np.full(5, -1)
    assert array[:].tolist() == [0, 1, -1, -1, -1, -1, -1, 7, 8]
    assert array[4:4].tolist() == []


@pytest.mark.parametrize("how", ["flipped", "cut", "empty", "missing"])
def test_nothing_is_put_behind_what_is_damaged(tmp_path: Path, how: str) -> None:
    array = ours(tmp_path, np.arange(9))["a"]
    file = tmp_path / "a" / "c.0"
    data = file.read_bytes()
    file.write_bytes({"flipped": bytes([data[0] ^ 1]) + data[1:], "cut": data[:-1]}.get(how, b""))
    if how == "missing":
        file.unlink()
    with pytest.raises(chunks.DamagedChunk, match=r"a/c\.0: (it differs from its checksum|is missing)"):
        array.extend(np.arange(2))
