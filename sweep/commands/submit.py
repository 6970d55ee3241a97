"""``sweep submit``: a script as a job of a batch system, which starts its workers itself."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True})
@click.option(
    "--cluster",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="A TOML file: the options of slurm(...) for the workers, and in [head] those of its own job; with "
    'system = "sge" those of sge(...).',
)
@click.option("--print", "only_print", is_flag=True, help="Show what would be submitted, and submit nothing.")
@click.argument("script", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def submit(cluster: Path, only_print: bool, script: Path, arguments: tuple[str, ...]) -> None:
    """Submit SCRIPT with its own ARGUMENTS to Slurm or Grid Engine, to run without you.

    The script needs no change, but a store: its parallel_run, without cluster=, runs on workers that its job
    starts. Near the end of its walltime the job submits itself again, and goes on from the store.
    """
    from cluster.batch.submission import Submission
    from cluster.batch.system import BatchError

    try:
        submission = Submission.new(script, arguments, cluster)
        if only_print:
            click.echo(f"{submission.job_script()}\n{submission.cluster.job_script()}", nl=False)
            return
        job = submission.submit()
    except (ValueError, BatchError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"submitted job {job}, {submission.name}; what it says will be in {submission.log(job)}")
