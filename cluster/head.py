"""The program of a head: ``python -P -m cluster.head SUBMISSION``, the job of a script of ``sweep submit``.

It runs the script. When the job's time is nearly over it ends the script in order, and submits itself
again: the script goes on from its store. When the job is cancelled, and when the script has ended, no job
of the workers is left.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

from cluster import slurm_commands
from cluster.batch import BatchError
from cluster.handed import Head
from cluster.pilot import notice
from cluster.submission import Submission
from cluster.units import seconds

LOOK = 0.2
GRACE = 20.0  # seconds in which the script ends when it is interrupted; Slurm leaves a cancelled job 30


def run(submission: Submission, job: str) -> int:
    """Run the script as a job; return its exit code."""
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())  # scancel's, or Slurm's when another job goes first
    _end_workers(submission.name)  # of the head whose node was lost
    last_orders, _ = notice(seconds(submission.head["walltime"]))
    end = time.monotonic() + last_orders
    head = Head(submission.name, job, submission.log(job), submission.workers)
    script = subprocess.Popen(
        [sys.executable, "-u", *submission.command], env={**os.environ, **head.environment()}
    )
    while script.poll() is None and not told.is_set() and time.monotonic() < end:
        time.sleep(LOOK)
    stopped = script.poll() is None
    if stopped:
        _stop(script)
    _end_workers(submission.name)
    if not stopped or told.is_set() or script.returncode == 0:  # it may just have been about to end
        return script.returncode if script.returncode >= 0 else 128 - script.returncode
    again = submission.submit()
    print(f"The time of job {job} is over; job {again} goes on.", flush=True)
    return 0


def _stop(script: subprocess.Popen[bytes]) -> None:
    """End the script as Ctrl-C does: what has been found is stored."""
    script.send_signal(signal.SIGINT)
    try:
        script.wait(GRACE)
    except subprocess.TimeoutExpired:
        script.kill()
        script.wait()


def _end_workers(name: str) -> None:
    """End the workers' jobs; those that the script has not ended itself."""
    try:
        slurm_commands.cancel(j.id for j in slurm_commands.jobs_of(name) if j.name != name)
    except BatchError as error:  # they end by themselves, in a minute
        print(error, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(run(Submission.from_json(sys.argv[1]), os.environ["SLURM_JOB_ID"]))
