"""`palabre publish`: static copies of every listing, for sites that are built."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from palabre.commands import opening, terminal
from palabre.errors import Refusal

if TYPE_CHECKING:
    from palabre.jobs.publish import Published
    from palabre.service import Service


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--site", metavar="NAME", help="The only site to publish; by default all.")
@terminal.json_option
def publish(folder: Path, site: str | None, as_json: bool) -> None:
    """Write every article's comments into DIR, and remove what is there no longer.

    As JSON, HTML and Atom: DIR/SITE/PATH/comments.json and so on, with DIR/SITE/index.json to find
    them by. With PALABRE_PUBLISH_DIR the service keeps them up to date by itself.
    """

    async def work(service: Service) -> Published:
        from palabre.actions import sites
        from palabre.jobs import publish as job

        if site is not None and site not in {one.name for one in await sites.every(service)}:
            raise Refusal(f"There is no site “{site}”.")
        with _progress() as told:
            return await job.publish_all(service, folder, only=site, told=told)

    done = opening.with_service(work)
    if as_json:
        terminal.print_json(
            {"articles": done.articles, "written": done.written, "removed": done.removed}
        )
    else:
        click.echo(
            f"{done.articles} articles; {done.written} files written, {done.removed} removed."
        )


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """Shows how far it is, when a person watches."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.completed:.0f} articles"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda articles: bar.update(task, completed=articles)
