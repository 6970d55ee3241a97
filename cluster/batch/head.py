"""The program of a head, the job of a script: ``python -P -m cluster.batch.head SUBMISSION``.

It runs the script of ``sweep submit``. When the job's time is nearly over it ends the script in order, and
submits itself again: the script goes on from its store. When the job is cancelled, and when the script has
ended, no job of the workers is left.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

from cluster.batch.handed import Head, own_job
from cluster.batch.pilot import age, heed, notice
from cluster.batch.pool import remove_credentials
from cluster.batch.submission import Submission
from cluster.batch.system import BatchError
from cluster.batch.systems import KINDS
from cluster.batch.units import seconds

LOOK = 0.2
GRACE = 20.0  # seconds in which the script ends when it is interrupted; a cancelled job has 30 on Slurm


def run(submission: Submission, job: str) -> int:
    """Run the script as a job; return its exit code."""
    told = threading.Event()
    heed(told)
    _end_workers(submission)  # of the head whose node was lost
    remove_credentials(submission.name)  # which nobody else could
    last_orders, _ = notice(seconds(submission.head["walltime"]))
    head = Head(submission.system, submission.name, job, submission.log(job), submission.workers)
    script = subprocess.Popen(
        [sys.executable, "-u", *submission.command],
        env={**os.environ, **head.environment()},
        process_group=0,  # Grid Engine sends its warnings to a process group: they are for this process
    )
    while script.poll() is None and not told.is_set() and age() < last_orders:
        time.sleep(LOOK)
    stopped = script.poll() is None
    if stopped:
        _stop(script)
    _end_workers(submission)
    cancelled = told.is_set() and not _out_of_time(submission, job)
    if not stopped or cancelled or script.returncode == 0:  # it may just have been about to end
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


def _out_of_time(submission: Submission, job: str) -> bool:
    """Whether this job was told to end for its walltime; nobody has cancelled it then."""
    try:
        return KINDS[submission.system].system.out_of_time(job)
    except BatchError as error:
        print(error, file=sys.stderr, flush=True)
        return False


def _end_workers(submission: Submission) -> None:
    """End the workers' jobs; those that the script has not ended itself."""
    try:
        system = KINDS[submission.system].system
        system.cancel(j.id for j in system.jobs_of(submission.name) if j.name != submission.name)
    except BatchError as error:  # they end by themselves, in a minute
        print(error, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(run(Submission.from_json(sys.argv[1]), own_job()))
