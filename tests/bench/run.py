"""`make bench`: rates of listing and submission beside their baselines, in alternating rounds."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx2
from rich.console import Console
from rich.table import Table

from bench.load import Rate, load
from running import Running, free_port

ROUNDS = 5
WIDTH = 130
SECONDS = 2.0
COMMENTS = 50
TEXT = (
    "Dans mon service, nous utilisons ces outils depuis deux ans, **sans jamais** avoir demandé "
    "la permission. La direction l’a découvert… par un patient. Le plus étonnant : les échanges y "
    "sont plus courtois qu’en réunion, voir https://exemple.fr/etude pour les chiffres. "
)


def always(raw: bytes) -> Callable[[int], bytes]:
    """The same request every time."""
    return lambda number: raw


Measure = Callable[[], Coroutine[None, None, Rate]]


def main() -> None:
    """Measure everything and print one table."""
    cores = sorted(os.sched_getaffinity(0))
    wrapper = ["taskset", "-c", str(cores[0])] if len(cores) > 1 else []
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[-1]})
    table = Table(title=f"{platform.processor() or platform.machine()}, {len(cores)} cores")
    for column in ("what", "rate/s", "p50 ms", "p99 ms", "baseline/s", "ratio min", "med", "max"):
        table.add_column(column, justify="left" if column == "what" else "right")
    with (
        tempfile.TemporaryDirectory() as folder,
        Running(Path(folder), wrapper=wrapper) as service,
    ):
        service.add_site()
        moderator = service.add_moderator()
        service.command("site", "set", "blog", "first_state=approved")
        service.start()
        _seed(service, moderator)
        _listings(table, service, wrapper, Path(folder))
        _submissions(table, service, Path(folder))
        service.stop()
    Console(width=WIDTH).print(table)


def _seed(service: Running, moderator: dict[str, str]) -> None:
    """One article of 50 comments in threads, every one of them approved."""
    with httpx2.Client(base_url=service.url, headers=moderator) as client:
        parent = None
        for number in range(COMMENTS):
            fields = {
                "article": "/a",
                "name": f"Hélène {number}",
                "email": f"helene{number}@example.com",
                "comment": f"{TEXT}{number}",
            } | ({"parent": parent} if parent and number % 3 else {})
            comment = client.post("/v1/comments", json=fields).json()["comment"]["id"]
            client.post(f"/v1/moderation/comments/{comment}/approve").raise_for_status()
            parent = comment if number % 3 == 0 else parent


def _listings(table: Table, service: Running, wrapper: list[str], folder: Path) -> None:
    for name, extra in (("plain", {}), ("gzip", {"Accept-Encoding": "gzip"}), ("304", None)):
        headers = extra if extra is not None else {"If-None-Match": _etag(service)}
        head = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
        raw = f"GET /v1/comments?article=/a HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode()
        port, bare = _bare(service, headers, wrapper, folder)
        try:
            for connections in (1, 16):
                _row(
                    table,
                    f"listing of {COMMENTS}, {name}, {connections} connections",
                    partial(
                        load,
                        service.port,
                        always(raw),
                        connections=connections,
                        seconds=SECONDS,
                    ),
                    partial(load, port, always(raw), connections=connections, seconds=SECONDS),
                )
        finally:
            bare.kill()
            bare.wait()


def _submissions(table: Table, service: Running, folder: Path) -> None:
    for connections in (1, 32):

        def request(number: int, connections: int = connections) -> bytes:
            body = json.dumps(
                {
                    "article": f"/b/{number % 50}",
                    "name": f"Hélène {number}",
                    "email": f"helene{number}@example.com",
                    "comment": f"{TEXT}{connections} {time.time_ns()} {number}",
                }
            ).encode()
            head = "POST /v1/comments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

        _row(
            table,
            f"submissions, {connections} connections, beside bare commits",
            partial(load, service.port, request, connections=connections, seconds=SECONDS),
            partial(_commits, folder),
        )


async def _commits(folder: Path) -> Rate:
    """Bare commits of the same SQLite: one row of the same size each, synced."""
    connection = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    connection.execute("pragma journal_mode = wal").fetchall()
    connection.execute("pragma synchronous = full")
    connection.execute("create table if not exists t (a text)")
    latencies = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        began = time.perf_counter()
        connection.execute("insert into t values (?)", (TEXT,))
        latencies.append(time.perf_counter() - began)
    connection.close()
    latencies.sort()
    return Rate(len(latencies) / SECONDS, latencies[len(latencies) // 2] * 1000, 0.0, {})


def _row(table: Table, what: str, measure: Measure, baseline: Measure) -> None:
    pairs = [(asyncio.run(measure()), asyncio.run(baseline())) for _ in range(ROUNDS)]
    ratios = sorted(ours.per_second / theirs.per_second for ours, theirs in pairs)
    unexpected = {
        code for ours, _ in pairs for code in ours.statuses if code not in (200, 201, 304)
    }
    table.add_row(
        what + (f" [red]also answered {unexpected}[/]" if unexpected else ""),
        f"{statistics.median(ours.per_second for ours, _ in pairs):,.0f}",
        f"{statistics.median(ours.p50_ms for ours, _ in pairs):.2f}",
        f"{statistics.median(ours.p99_ms for ours, _ in pairs):.2f}",
        f"{statistics.median(theirs.per_second for _, theirs in pairs):,.0f}",
        f"{ratios[0]:.2f}",
        f"{statistics.median(ratios):.2f}",
        f"{ratios[-1]:.2f}",
    )


def _etag(service: Running) -> str:
    headers = {"Accept-Encoding": "identity"}
    answer = httpx2.get(f"{service.url}/v1/comments?article=/a", headers=headers)
    return str(answer.headers["ETag"])


def _bare(
    service: Running, headers: dict[str, str], wrapper: list[str], folder: Path
) -> tuple[int, subprocess.Popen[bytes]]:
    """The baseline's port and process: the very bytes and headers of the service's answer."""
    wanted = {"Accept-Encoding": "identity", "Accept": "*/*"} | headers
    with httpx2.stream("GET", f"{service.url}/v1/comments?article=/a", headers=wanted) as answer:
        body = b"".join(answer.iter_raw())
        kept = [[k, v] for k, v in answer.headers.items() if k not in ("date", "transfer-encoding")]
    if "content-length" not in answer.headers:
        kept.append(["content-length", str(len(body))])
    file = folder / "bare-answer"
    file.write_bytes(json.dumps(kept).encode() + b"\n" + body)
    port = free_port()
    bare = Path(__file__).with_name("bare.py")
    process = subprocess.Popen([*wrapper, sys.executable, str(bare), str(port), str(file)])
    for _ in range(200):
        try:
            httpx2.get(f"http://127.0.0.1:{port}/", timeout=1)
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            break
    return port, process


if __name__ == "__main__":
    main()
