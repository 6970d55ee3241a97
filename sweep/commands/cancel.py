"""``sweep cancel``: ends the jobs of a sweep."""

from __future__ import annotations

import click


@click.command()
@click.argument("store")
def cancel(store: str) -> None:
    """End the jobs of ``sweep submit`` that write STORE, the script's and its workers'.

    What is stored stays; submitting the script again goes on from there.
    """
    from cluster.batch.pool import remove_credentials
    from cluster.batch.system import BatchError
    from cluster.batch.systems import KINDS
    from sweep.store.heads import head_noted
    from sweep.store.root import WORK
    from workers.folder import folder_at

    head = head_noted(folder_at(store).below(WORK))
    if head is None:
        raise click.ClickException(f"no job of 'sweep submit' has written {store} (yet)")
    try:
        ended = KINDS[head.system].system.cancel_all(head.name)
    except BatchError as error:
        raise click.ClickException(str(error)) from None
    remove_credentials(head.name)  # of a head whose node was lost, and which is not started again now
    click.echo(f"ended job {', '.join(ended)}" if ended else f"no job of {head.name} is left")
