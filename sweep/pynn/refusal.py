"""What a script may ask for in PyNN and cannot have here."""

from __future__ import annotations

from typing import Any


class NotCoveredError(NotImplementedError):
    """PyNN has it, this simulator of PyNN's scripts has not; the message says what to do instead."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(f"sweep.pynn does not cover {what}; {instead}")


def missing(name: str, instead: str) -> type[Any]:
    """Return what stands for one of PyNN's models: a class of that name that says so when it is used."""

    def refuse(self: Any, *given: Any, **parameters: Any) -> None:
        raise NotCoveredError(f"the model {name}", instead)

    return type(name, (), {"__init__": refuse, "__module__": __name__})
