"""What a reader finds in a store, at any moment."""

from __future__ import annotations

from pathlib import Path

import xarray as xr


def stored(store: Path) -> list[int]:
    """Return the networks that are stored, in the order in which they came."""
    if not (store / "zarr.json").exists():
        return []
    with xr.open_dataset(store, engine="zarr") as data:
        indices: list[int] = data.network.values.tolist()
    return indices
