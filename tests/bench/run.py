"""`make bench`: what the service can do, beside its baselines, in alternating rounds of one run.

Names of parts as arguments measure those alone: `python tests/bench/run.py listings submissions`.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import subprocess
import sys
import time
import traceback
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import machine
from bench.stage import Stage
from bench.wrk import require

PARTS = ("listings", "misses", "submissions", "flood", "memory", "screening", "desk", "engines")
FULL = ("thread",)
"""What takes long to fill; only when named, or with --full."""

READING = (
    "min, med, max are of the ratio to what a row stands beside; of the figure itself where it "
    "stands alone."
)

FLAT = Path(__file__).with_name("flat.py")

ROUNDS = 5
SECONDS = 1.0
SECONDS_FULL = 3.0


def main() -> None:
    """Measure the parts that were asked for; print their tables as they come."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="*", help=f"of {', '.join(PARTS + FULL)}")
    parser.add_argument("--full", action="store_true", help="longer rounds, and what fills long")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args()
    if unknown := set(chosen.part) - {*PARTS, *FULL}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    require()
    machine.take_last_core()
    print(f"{machine.name()}. {READING}\n", flush=True)
    machine.warn_when_busy()
    failed = []
    with TemporaryDirectory() as name:
        stage = Stage(Path(name), chosen.rounds, SECONDS_FULL if chosen.full else SECONDS)
        for part in chosen.part or (PARTS + FULL if chosen.full else PARTS):
            if not measured(part, stage):
                failed.append(part)
    if chosen.full and not chosen.part and FLAT.exists() and not flat_measured():
        failed.append("flat")
    if failed:
        raise SystemExit(f"Failed: {', '.join(failed)}")


def measured(part: str, stage: Stage) -> bool:
    """Measure a part and print its tables; False, its error told, when it could not be."""
    began = time.monotonic()
    try:
        sheets = asyncio.run(importlib.import_module(f"bench.{part}").measure(stage))
    except Exception:
        traceback.print_exc()
        return False
    for sheet in sheets:
        sheet.print()
    machine.say(f"{part} took {time.monotonic() - began:.0f} s")
    return True


def flat_measured() -> bool:
    """Run `flat.py`, which grows stores to a million comments; whether it went well."""
    machine.take_all_cores()
    return subprocess.run([sys.executable, str(FLAT)]).returncode == 0


if __name__ == "__main__":
    main()
