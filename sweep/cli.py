"""The command line: ``sweep``."""

from __future__ import annotations

import click

from sweep.commands.check import check
from sweep.commands.run import run


@click.group()
def main() -> None:
    """Run many independent copies of a network of neurons."""


main.add_command(check)
main.add_command(run)
