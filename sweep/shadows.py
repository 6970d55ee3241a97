"""Finds what takes the place of our packages, whose names are general words.

Nothing of ours is imported here: it might be somebody else's.
"""

from __future__ import annotations

import sys
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path

OURS = ("sweep", "cluster", "workers", "hardware")
ROOT = Path(__file__).resolve().parents[1]


def shadows(folder: Path) -> list[str]:
    """Say what a script of a folder would import in place of our packages; nothing if it is ours."""
    found = []
    for name in OURS:
        # As Python looks for it: in the script's folder first.
        spec = PathFinder.find_spec(name, [str(folder.resolve()), *sys.path])
        origin = None if spec is None or spec.origin is None else Path(spec.origin).resolve()
        if origin is not None and origin != ROOT / name / "__init__.py":
            found.append(f"{origin} takes the place of our package {name!r}: give it another name")
        others = set(metadata.packages_distributions().get(name, ())) - {"neurosweep"}
        found += [f"the package {other} brings a {name!r} too: uninstall it" for other in sorted(others)]
    return found
