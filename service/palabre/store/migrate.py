"""Bringing a store up to this version's schema: numbered files, checksummed, one transaction each.

A file `0007_reports.sql` serves both engines; where they differ, `0007_reports.sqlite.sql` and
`0007_reports.postgres.sql` lie side by side (schema/README.md). Files are only ever appended.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from palabre import schema
from palabre.errors import Refusal

_NAME = re.compile(r"(\d{4})_([a-z_]+)(?:\.(sqlite|postgres))?\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema. `checksum`: SHA-256 of its text."""

    number: int
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.number:04d}_{self.name}"

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations(engine: str, *, folder: Path | None = None) -> list[Migration]:
    """Every migration for *engine*, in order; the numbers have no gaps."""
    found = {}
    for path in sorted((folder or schema.root() / "migrations").glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise Refusal(f"{path.name} is not named like a migration.")
        if match[3] in (None, engine):
            if int(match[1]) in found:
                raise Refusal(f"The migration {path.name} has a number that is given twice.")
            found[int(match[1])] = Migration(int(match[1]), match[2], path.read_text("utf-8"))
    if sorted(found) != list(range(1, len(found) + 1)):
        raise Refusal("The migrations are not numbered without gaps.")
    return [found[number] for number in sorted(found)]


def missing(engine: str, applied: dict[int, str]) -> list[Migration]:
    """What is still to be applied. *applied*: checksums by number, as the store recorded them.

    Refuses a store that a newer version has migrated, and one whose past differs from ours.
    """
    known = migrations(engine)
    if any(number > len(known) for number in applied):
        raise Refusal(
            "The store has been migrated by a newer version of Palabre; run that version, "
            "or restore a backup made before."
        )
    for migration in known:
        if applied.get(migration.number, migration.checksum) != migration.checksum:
            raise Refusal(
                f"Migration {migration} is not the one that this store was made with; "
                "nothing was changed."
            )
    return [migration for migration in known if migration.number not in applied]
