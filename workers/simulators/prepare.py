"""Do at set-up what a simulator would else do at its first use: ``python -m workers.simulators.prepare``."""

from __future__ import annotations

from importlib.util import find_spec

from workers.simulators.neuron import mechanisms


def main() -> None:
    """Compile the mechanisms of NEURON, where it is installed."""
    if find_spec("neuron") is not None:
        print(f"NEURON's mechanisms are in {mechanisms.prepare()}")


if __name__ == "__main__":
    main()
