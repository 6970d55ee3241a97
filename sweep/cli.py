"""The command line: ``sweep``."""

from __future__ import annotations

import click

from sweep.commands.cancel import cancel
from sweep.commands.check import check
from sweep.commands.doctor import doctor
from sweep.commands.run import run
from sweep.commands.status import status
from sweep.commands.submit import submit


@click.group()
def main() -> None:
    """Run many independent copies of a network of neurons."""


for command in (cancel, check, doctor, run, status, submit):
    main.add_command(command)
