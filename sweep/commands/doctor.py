"""``sweep doctor``: whether what this package needs is there."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
def doctor(folder: Path) -> None:
    """Say what is installed and works, and what would take the place of our packages in scripts of FOLDER.

    FOLDER is the present one if not given. Exits with 1 if anything is wrong; what is absent need not be
    there.
    """
    from sweep.shadows import OURS, shadows

    found = shadows(folder)
    for text in found:
        click.echo(f"wrong   {text}")
    if found:  # what follows could not be trusted
        raise SystemExit(1)
    click.echo(f"ok      {', '.join(OURS)} are ours")

    from sweep.doctor import examine

    wrong = False
    for finding in examine():
        click.echo(finding)
        wrong = wrong or finding.how == "wrong"
    if wrong:
        raise SystemExit(1)
