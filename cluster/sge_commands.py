"""Grid Engine's commands: qsub, qstat, qdel."""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from xml.etree import ElementTree

from cluster.batch import BatchError, run


def submit(script: str) -> str:
    """Submit a job script and return the job's id."""
    # -w e: what no queue could ever run is refused, and does not wait for ever.
    return run(["qsub", "-terse", "-w", "e"], script).strip().splitlines()[-1]


def states(name: str) -> dict[str, str]:
    """Return the state of each job of this name that there still is: PENDING, RUNNING or COMPLETING.

    Jobs that could not be started, which would wait until somebody clears their error, are ended.
    """
    listed = ElementTree.fromstring(run(["qstat", "-u", getpass.getuser(), "-xml"]))
    jobs = [(job.findtext("JB_job_number", ""), job) for job in listed.iter("job_list")]
    codes = {number: job.findtext("state", "") for number, job in jobs if job.findtext("JB_name") == name}
    cancel(number for number, code in codes.items() if "E" in code)
    return {number: _state(code) for number, code in codes.items() if "E" not in code}


def cancel(jobs: Iterable[str]) -> None:
    """End jobs; one that has ended already does no harm."""
    given = list(jobs)
    try:
        if given:
            run(["qdel", *given])
    except BatchError as error:
        if "does not exist" not in str(error):
            raise


def ending(name: str) -> list[str]:
    """Return the command that ends all jobs of this name."""
    return ["qdel", name]


def _state(code: str) -> str:
    if "d" in code:
        return "COMPLETING"
    return "PENDING" if "w" in code else "RUNNING"
