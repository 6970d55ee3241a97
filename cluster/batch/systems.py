"""The batch systems that there are, by the names that ``cluster.toml`` gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cluster.batch.cluster import BatchCluster
from cluster.batch.job import Job
from cluster.batch.sge import SgeJob, sge
from cluster.batch.slurm import SlurmJob, slurm
from cluster.batch.system import BatchSystem


class Kind(NamedTuple):
    """What makes jobs of a batch system.

    Attributes
    ----------
    cluster : callable
        `slurm` or its like, for jobs with workers.
    job : type of Job
        For others.
    """

    cluster: Callable[..., BatchCluster]
    job: type[Job]

    @property
    def system(self) -> BatchSystem:
        """The batch system."""
        return self.job.system


DEFAULT = "slurm"
KINDS = {"slurm": Kind(slurm, SlurmJob), "sge": Kind(sge, SgeJob)}
