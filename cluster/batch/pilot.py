"""The program of a batch job: ``python -P -m cluster.batch.pilot FOLDER WORKERS SECONDS``.

It starts workers, keeps them running, and has them finish before the job's time is over. It ends when the
scheduler has dismissed them all, or has ended.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from cluster.batch.handed import own_job
from cluster.credentials import Credentials
from cluster.crew import Crew, environments, remove_at_the_end
from cluster.host import reach
from cluster.versions import differences, versions
from hardware.machine import node_name

LOOK = 0.2
REACH = 20.0  # seconds in which the scheduler can be reached
NOTICE = 60.0  # seconds before the end at which workers take no more tasks ...
SHARE = 4  # ... or this part of a short time
GRACE = 20.0  # seconds in which they finish what they run when a job is cancelled; Slurm leaves them 30


def notice(walltime: float) -> tuple[float, float]:
    """Return after how many seconds workers take no more tasks, and after how many they are ended."""
    before = min(NOTICE, walltime / SHARE)
    return walltime - before, walltime - before / SHARE


def age() -> float:
    """Return for how many seconds this job runs: its script was begun as this process."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def heed(told: threading.Event) -> None:
    """Have an event set when the batch system is about to end this job."""
    for warning in (signal.SIGTERM, signal.SIGUSR2):  # Slurm's and Grid Engine's
        signal.signal(warning, lambda *_: told.set())
    signal.signal(signal.SIGUSR1, lambda *_: None)  # Grid Engine is about to suspend it, which does no harm


def fly(crew: Crew, told: threading.Event, walltime: float) -> None:
    """Keep workers running until all are dismissed, this process is told to end, or the time is over.

    Parameters
    ----------
    crew : Crew
        The workers, started by this thread.
    told : threading.Event
        Set when the workers are to finish what they run, and end.
    walltime : float
        The job's time, in seconds.
    """
    last_orders, end = notice(walltime)
    while len(crew) and not told.is_set() and age() < last_orders:
        time.sleep(LOOK)
        crew.look(dismissal=True)
    crew.drain()
    end = min(end, age() + GRACE) if told.is_set() else end
    while not crew.ended() and age() < end:
        time.sleep(LOOK)
    crew.end()


def main(folder: Path, workers: int, walltime: float) -> None:
    """Run the workers of a job.

    Parameters
    ----------
    folder : Path
        Where the credentials and the address of the cluster are.
    workers : int
        How many workers.
    walltime : float
        The job's time, in seconds.
    """
    told = threading.Event()
    heed(told)
    try:
        address = (folder / "address").read_text()
        here = json.loads((folder / "versions").read_text())
    except OSError as error:
        raise SystemExit(
            f"the cluster has been closed, or this node does not see its files: {error}"
        ) from None
    _reach(address)
    if different := differences(there=versions(), here=here):
        raise SystemExit(f"{node_name()} differs from the machine of the script: {'; '.join(different)}")
    scratch = Path(tempfile.mkdtemp(prefix="sweep-"))
    remove_at_the_end(scratch)
    try:
        crew = Crew(scratch, environments(Credentials.at(folder), workers, scratch), own_job())
        crew.start()
        crew.tell(address)
        fly(crew, told, walltime)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _reach(address: str) -> None:
    """See whether the scheduler is there, before workers are started that would wait for it."""
    try:
        reach(address, REACH)
    except OSError as error:
        raise SystemExit(
            f"{node_name()} does not reach the scheduler at {address}: {error}; "
            "say with interface= which network of the machine of the script the nodes are on"
        ) from None


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
