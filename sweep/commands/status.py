"""``sweep status``: how far a sweep is."""

from __future__ import annotations

import click


@click.command()
@click.argument("store")
def status(store: str) -> None:
    """Say how far the sweep of STORE is, who runs it, and how fast."""
    from sweep.status import status as status_of

    try:
        lines = status_of(store).lines()
    except (FileNotFoundError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    click.echo("\n".join(lines))
