"""Which job of ``sweep submit`` writes a store: a note in the store itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from cluster.batch.handed import own_head
from workers.folder import Folder

FILE = "head.json"
IN_VAIN = 3


@dataclass(frozen=True)
class HeadNote:
    """The last job that wrote a store.

    Attributes
    ----------
    system : str
        The batch system, by its name in ``cluster.toml``.
    name : str
        The name of the submission's head.
    job, log : str
        The id of the job, and the file with what it says.
    stored : int
        How many networks were stored when it began.
    vain : int
        How many jobs of the submission before it, one after the other, have stored none.
    """

    system: str
    name: str
    job: str
    log: str
    stored: int
    vain: int = 0


def note_head(folder: Folder, stored: int) -> None:
    """Note in a store that this process's job writes it now; do nothing if it is none.

    Parameters
    ----------
    folder : Folder
        What the store needs besides its arrays.
    stored : int
        How many networks are stored.

    Raises
    ------
    RuntimeError
        If jobs follow on one another, and none of them finishes a network.
    """
    head = own_head()
    if head is None:
        return
    before = head_noted(folder)
    vain = 0
    if before is not None and before.name == head.name:
        vain = before.vain
        if before.job != head.job:  # else it goes on with the same store, or was started again
            vain = vain + 1 if before.stored == stored else 0
    if vain >= IN_VAIN:
        raise RuntimeError(
            f"{vain} jobs, one after the other, have come to the end of their walltime, and none has "
            "finished a network; the walltime of [head], and that of the workers, must be longer than a "
            "network takes and a job waits in the queue"
        )
    note = HeadNote(head.system, head.name, head.job, head.log, stored, vain)
    folder.replace({FILE: json.dumps(asdict(note)).encode()})


def head_noted(folder: Folder) -> HeadNote | None:
    """Return the last job that wrote a store; None if there was none."""
    try:
        return HeadNote(**json.loads(folder.read(FILE)))
    except FileNotFoundError:
        return None
