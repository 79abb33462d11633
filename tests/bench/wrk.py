"""The client that reads: wrk, one thread of C, so that many answers a second cost it little."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from bench.load import Rate

REPORT = Path(__file__).with_name("report.lua")


def require() -> None:
    """Leave with an explanation when there is no wrk."""
    if shutil.which("wrk") is None:
        raise SystemExit(
            "The bench needs wrk, which is not on the PATH. Debian and Ubuntu: apt install wrk; "
            "macOS: brew install wrk; source: https://github.com/wg/wrk"
        )


async def wrk(
    port: int,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    connections: int,
    seconds: float,
) -> Rate:
    """Ask for one path for so long. Raises RuntimeError when wrk fails."""
    words = [word for pair in (headers or {}).items() for word in ("-H", ": ".join(pair))]
    process = await asyncio.create_subprocess_exec(
        *("wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"),
        *("-s", str(REPORT), *words, f"http://127.0.0.1:{port}{path}"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    text = printed.decode("utf-8", "replace")
    if process.returncode:
        raise RuntimeError(text)
    found = json.loads(text.splitlines()[-1])
    good = found["requests"] - found["refused"]
    return Rate(
        per_second=good / found["microseconds"] * 1e6,
        p50_ms=found["p50"] / 1000,
        p99_ms=found["p99"] / 1000,
        statuses={200: good, **({400: found["refused"]} if found["refused"] else {})}
        | ({0: found["lost"]} if found["lost"] else {}),
    )
