"""PostgreSQL's own ways: what it says of a value is not repeated, and a connection is never left
as it should not be found."""

from __future__ import annotations

import asyncio

import pytest

from palabre.model import Site
from palabre.service import Service
from palabre.store import Taken, Tx, info
from palabre.store.postgres_tx import Refused, numbered

pytestmark = pytest.mark.engine("postgres")


@pytest.mark.parametrize(
    "statement",
    [
        "insert into site_tally (site_id, state, comments) values (:site, 'of marked words', 0)",
        "insert into site_tally (site_id, state, comments) values (:site, 'pending', 'marked')",
        "update site set name = :marked where id = :site and created_at = :marked",
    ],
)
async def test_an_error_repeats_no_value(service: Service, site: Site, statement: str) -> None:
    with pytest.raises(Refused) as caught:
        await service.store.write(
            lambda tx: tx.run(statement, **_values(statement, site=site.id, marked="marked words"))
        )
    assert "marked" not in str(caught.value)
    # Nor the error that it stands for, in a log that shows where one came from.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def _values(statement: str, **values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if f":{name}" in statement}


async def test_a_unique_key_is_told_by_its_name_alone(service: Service, site: Site) -> None:
    async def unit(tx: Tx) -> int:
        return await tx.run(
            "insert into site (id, name, locale, policy, created_at) "
            "values ('x', :name, 'fr', '{}', 0)",
            name="blog",
        )

    with pytest.raises(Taken) as caught:
        await service.store.write(unit)
    assert caught.value.constraint == "site_name"
    assert caught.value.__suppress_context__


async def test_whoever_goes_away_leaves_no_transaction_open(service: Service) -> None:
    """A handler may be cancelled anywhere: what it began goes on to its end, or is undone."""
    for _ in range(20):
        task = asyncio.create_task(service.store.write(lambda tx: info.put(tx, probed_at="1")))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    async def idle(tx: Tx) -> int:
        row = await tx.one(
            "select count(*) as n from pg_stat_activity where datname = current_database() "
            "and state like 'idle in transaction%' and pid <> pg_backend_pid()"
        )
        assert row is not None
        return int(row["n"])

    # What goes on is between two statements now and then, until it has come to its end.
    async with asyncio.timeout(20):
        while await service.store.read(idle):
            pass
    await service.store.write(lambda tx: info.put(tx, probed_at="2"))


async def test_a_unit_that_fails_leaves_nothing_and_the_next_one_is_fine(service: Service) -> None:
    async def failing(tx: Tx) -> None:
        await info.put(tx, probed_at="half")
        raise LookupError("something of ours")

    for _ in range(5):
        with pytest.raises(LookupError):
            await service.store.write(failing)
    assert (await service.store.read(info.get)).get("probed_at") != "half"


async def test_two_that_wait_for_each_other_are_both_done(service: Service, site: Site) -> None:
    """A deadlock ends one of them, which is begun again."""
    met = asyncio.Barrier(2)
    tries: list[str] = []

    async def unit(tx: Tx, first: str, second: str) -> None:
        tries.append(first)
        update = "update site_tally set comments = comments + 1 where site_id = :s and state = :t"
        await tx.run(update, s=site.id, t=first)
        if len(tries) <= 2:
            await met.wait()
        await tx.run(update, s=site.id, t=second)

    await asyncio.gather(
        service.store.write(lambda tx: unit(tx, "spam", "rejected")),
        service.store.write(lambda tx: unit(tx, "rejected", "spam")),
    )
    assert len(tries) >= 3


def test_a_name_is_one_parameter_however_often_it_stands() -> None:
    assert numbered("select :a, 'it is :a', :b, :a") == (
        "select $1, 'it is :a', $2, $1",
        ("a", "b"),
    )
