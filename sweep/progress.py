"""The progress bar: networks done and failed, and the time left."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from workers.part import Part
from workers.spool import Receipt


class Bar:
    """A progress bar on standard error, or in a notebook.

    Parameters
    ----------
    networks : int
        How many there are to run.
    shown : bool or None
        Whether to show it; None for where a person is likely to look.
    """

    def __init__(self, networks: int, shown: bool | None) -> None:
        console = Console(stderr=True)
        watched = console.is_terminal or console.is_jupyter
        self.done = self.failed = 0
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("networks, {task.fields[failed]} failed,"),
            TimeElapsedColumn(),
            TextColumn("passed,"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
            disable=not (watched if shown is None else shown),
        )
        self._task = self._progress.add_task("sweep", total=networks, failed=0)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def tell(self, text: str) -> None:
        """Print a line, if anything is shown."""
        if text and not self._progress.disable:
            self._progress.console.print(text, highlight=False, markup=False)

    def count(self, parts: Sequence[Part | Receipt]) -> None:
        """Show that the networks of these parts are done."""
        self.done += sum(len(p.index) for p in parts)
        self.failed += sum(int((p.status > 0).sum()) for p in parts)
        self._progress.update(self._task, completed=self.done, failed=self.failed)
