"""Steps that are too long for a model on a simulator."""

from __future__ import annotations

MISLEADS = "with longer ones it would be wrong"


def refuse_long_steps(
    population: str, model: str, simulator: str, dt: float, longest: float, why: str = MISLEADS
) -> None:
    """Raise ValueError if steps of dt are longer than what a simulator bears for a population."""
    if dt > longest * (1 + 1e-9):
        raise ValueError(
            f"population {population}: {model} on simulator {simulator!r} needs a dt of at most "
            f"{longest:g} ms, and dt is {dt:g} ms: {why}; use a smaller dt, as setup(dt=0.1), or another "
            "simulator"
        )
