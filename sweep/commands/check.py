"""``sweep check``: whether a store is whole."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("store", type=click.Path(exists=True, path_type=Path))
def check(store: Path) -> None:
    """Read all of STORE and list what is damaged.

    Running the sweep again with the same store repairs that, and nothing else. Exits with 1 if anything is
    damaged.
    """
    from sweep.damage import DamagedStore
    from sweep.damage import check as damages_in

    try:
        damages = [str(damage) for damage in damages_in(store)]
    except (DamagedStore, FileNotFoundError) as error:
        raise click.ClickException(str(error)) from None
    for damage in damages:
        click.echo(damage)
    if damages:
        raise click.ClickException(f"{len(damages)} damaged; run the sweep again to repair {store}")
    click.echo(f"{store} is whole.")
