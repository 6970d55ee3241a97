"""What a script may ask for in PyNN and cannot have here."""

from __future__ import annotations


class NotCoveredError(NotImplementedError):
    """PyNN has it, this simulator of PyNN's scripts has not; the message says what to do instead."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(f"sweep.pynn does not cover {what}; {instead}")
