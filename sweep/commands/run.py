"""``sweep run``: a PyNN script, as it is, on one of our simulators."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True})
@click.argument("script", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--simulator", default="nest", show_default=True, help="What the script runs on.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(script: Path, simulator: str, arguments: tuple[str, ...]) -> None:
    """Run the PyNN script SCRIPT with its own ARGUMENTS.

    Whatever simulator it imports, or asks PyNN's get_simulator for, it runs on ours.
    """
    from sweep.pynn.script import run_script
    from workers import simulators

    if simulator not in simulators.registered():
        known = ", ".join(sorted(simulators.registered()))
        raise click.BadParameter(f"{simulator!r}; expected one of {known}", param_hint="--simulator")
    run_script(script, simulator, arguments)
