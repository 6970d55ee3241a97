"""``sweep check``: whether a store is whole."""

from __future__ import annotations

import click


@click.command()
@click.argument("store")
def check(store: str) -> None:
    """Read all of STORE, a path or a URL, and list what is damaged.

    Running the sweep again with the same store repairs that, and nothing else. Exits with 1 if anything is
    damaged.
    """
    from sweep.store.damage import check as damages_in

    try:
        damages = [str(damage) for damage in damages_in(store)]
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    for damage in damages:
        click.echo(damage)
    if damages:
        raise click.ClickException(f"{len(damages)} damaged; run the sweep again to repair {store}")
    click.echo(f"{store} is whole.")
