"""What the store says of itself: which master key it belongs to, what is still to be done."""

from __future__ import annotations

from palabre.store.tx import Tx


async def get(tx: Tx) -> dict[str, str]:
    """Everything the store says of itself, by name."""
    return {row["name"]: row["value"] for row in await tx.all("select name, value from store_info")}


async def put(tx: Tx, **values: str) -> None:
    """Say something anew."""
    for name, value in values.items():
        await tx.run(
            "insert into store_info (name, value) values (:name, :value) "
            "on conflict (name) do update set value = excluded.value",
            name=name,
            value=value,
        )


async def claim(tx: Tx, **values: str) -> None:
    """Say something, unless it has been said."""
    for name, value in values.items():
        await tx.run(
            "insert into store_info (name, value) values (:name, :value) "
            "on conflict (name) do nothing",
            name=name,
            value=value,
        )


async def forget(tx: Tx, name: str, *, value: str) -> None:
    """Say it no longer, unless something else has been said meanwhile."""
    await tx.run(
        "delete from store_info where name = :name and value = :value", name=name, value=value
    )
