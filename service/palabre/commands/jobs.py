"""`palabre jobs …`: work that waits or was given up, shown, revived and dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from palabre.commands import opening, terminal
from palabre.errors import Refusal

if TYPE_CHECKING:
    from palabre.service import Service
    from palabre.store import Tx
    from palabre.store.jobs import Job

AT_ONCE = 500


@click.group()
def jobs() -> None:
    """List, revive and drop work that waits or was given up.

    Work is tried twelve times within a day, then given up and shown here.
    """


@jobs.command("list")
@click.option("--all", "every", is_flag=True, help="What still waits, too.")
@terminal.json_option
def list_(every: bool, as_json: bool) -> None:
    """List what was given up, the oldest first."""

    async def work(service: Service) -> tuple[list[Job], Mapping[str, str]]:
        from palabre.store import sites

        names = {site.id: site.name for site in await service.store.read(sites.every)}
        return await _all(service, only_given_up=not every), names

    found, names = opening.with_service(work)
    if as_json:
        terminal.print_json([_shape(job, names) for job in found])
    elif found:
        head = ("ID", "KIND", "SITE", "ATTEMPTS", "STANDING", "ERROR")
        terminal.print_columns(head, [_row(job, names) for job in found])
    else:
        click.echo("Nothing waits." if every else "Nothing was given up.")


async def _all(service: Service, *, only_given_up: bool) -> list[Job]:
    """All that waits or was given up, read a page at a time."""
    from functools import partial

    from palabre.store import jobs as rows

    found: list[Job] = []
    page = partial(rows.page, only_given_up=only_given_up, limit=AT_ONCE)
    while len(found) % AT_ONCE == 0:
        more = await service.store.read(partial(page, after=found[-1].id if found else ""))
        if not more:
            break
        found += more
    return found


@jobs.command()
@click.argument("ids", nargs=-1, metavar="[ID…]")
@click.option("--all", "every", is_flag=True, help="All that was given up.")
@terminal.json_option
def retry(ids: tuple[str, ...], every: bool, as_json: bool) -> None:
    """Have work of these IDs done now, as if it had never failed.

    What a worker has just now is left to it.
    """
    if every == bool(ids):
        raise click.UsageError("Say which work: its IDs, or --all.")

    async def work(service: Service) -> int:
        from palabre.store import jobs as rows

        async def unit(tx: Tx) -> int:
            await _refuse_unknown(tx, ids)
            return await rows.retry(tx, now=service.now(), ids=None if every else ids)

        return await service.store.write(unit, long=True)

    n = opening.with_service(work)
    if as_json:
        terminal.print_json({"retried": n})
    else:
        click.echo(f"To be done now: {n}.")


@jobs.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@terminal.json_option
def drop(ids: tuple[str, ...], as_json: bool) -> None:
    """Forget work of these IDs: nobody does it any more."""

    async def work(service: Service) -> None:
        from palabre.store import jobs as rows

        async def unit(tx: Tx) -> None:
            await _refuse_unknown(tx, ids)
            for job_id in ids:
                await rows.drop(tx, job_id)

        await service.store.write(unit, long=True)

    opening.with_service(work)
    if as_json:
        terminal.print_json({"dropped": len(ids)})
    else:
        click.echo(f"Dropped: {len(ids)}.")


async def _refuse_unknown(tx: Tx, ids: Sequence[str]) -> None:
    """All of what was asked for is there, or nothing is done."""
    from palabre.store import jobs as rows

    known = await rows.known(tx, ids)
    unknown = [job_id for job_id in ids if job_id not in known]
    if unknown:
        raise Refusal(*(f"There is no work “{job_id}”." for job_id in unknown))


def _row(job: Job, names: Mapping[str, str]) -> tuple[str, ...]:
    return (
        job.id,
        job.kind,
        names[job.site_id],
        str(job.attempts),
        _standing(job),
        job.error or "",
    )


def _standing(job: Job) -> str:
    if job.given_up_at is not None:
        return f"given up {terminal.instant(job.given_up_at)}"
    if job.lease is not None:
        return f"a worker's until {terminal.instant(job.due_at)}"
    return f"due {terminal.instant(job.due_at)}"


def _shape(job: Job, names: Mapping[str, str]) -> dict[str, object]:
    def instant(at: datetime | None) -> str | None:
        return None if at is None else terminal.instant(at)

    return {
        "id": job.id,
        "kind": job.kind,
        "site": names[job.site_id],
        "topic": job.topic,
        "attempts": job.attempts,
        "error": job.error,
        "due_at": instant(job.due_at),
        "given_up_at": instant(job.given_up_at),
        "created_at": instant(job.created_at),
    }
