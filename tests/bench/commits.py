"""The baseline of the disk: the same SQLite with the same pragmas, doing nothing but commits."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from bench import sample
from bench.load import Rate


def commits(folder: Path, seconds: float) -> Rate:
    """Commit one row of a comment's size after the other, each of them synced."""
    connection = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    connection.execute("pragma journal_mode = wal").fetchall()
    connection.execute("pragma synchronous = full")
    connection.execute("create table if not exists t (a text)")
    text = sample.another().text
    latencies = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        connection.execute("insert into t values (?)", (text,))
        latencies.append((time.perf_counter() - began) * 1000)
    connection.close()
    latencies.sort()
    return Rate(
        per_second=len(latencies) / seconds,
        p50_ms=latencies[len(latencies) // 2],
        p99_ms=latencies[int(len(latencies) * 0.99)],
    )
