"""The machine: which core serves and which one asks, what a process takes, starting one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.answer import Line, get

CORES = sorted(os.sched_getaffinity(0))

SERVER: list[str] = ["taskset", "-c", str(CORES[0])] if len(CORES) > 1 else []
"""Words before a command that is to serve: on the first core, alone."""

START_S = 30.0
POLL_S = 0.002
BUSY_CORES = 0.1


def take_last_core() -> None:
    """Keep to the last core, with everything that is started without `SERVER`."""
    if len(CORES) > 1:
        os.sched_setaffinity(0, {CORES[-1]})


def take_all_cores() -> None:
    """Undo `take_last_core`."""
    os.sched_setaffinity(0, CORES)


def name() -> str:
    """What it is, for the head of the tables."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        if line.startswith("model name")
    ]
    return f"{(models or ['unknown processor'])[0]}, {len(CORES)} cores"


def say(text: str) -> None:
    """Tell how far it is, beside the tables."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def rss_mib(pid: int) -> float:
    """The memory that a process has resident."""
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8")
    return [int(child) for child in found.split()]


class Spent:
    """What this process and the clients that it has started and ended spend from here on."""

    def __init__(self) -> None:
        self._began, self._used = time.perf_counter(), _used_s()

    def share(self) -> float:
        """Of a core, from 0 to 1. Near 1, it is the client that was measured."""
        return (_used_s() - self._used) / (time.perf_counter() - self._began)


def _used_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def warn_when_busy() -> None:
    """Tell when something else works here: what is measured then says little."""
    before = _ticks()
    time.sleep(1)
    idle, total = (after - then for after, then in zip(_ticks(), before, strict=True))
    busy = len(CORES) * (1 - idle / max(1, total))
    if busy > BUSY_CORES:
        say(f"something else takes {busy:.1f} of {len(CORES)} cores: expect wide ranges")


def _ticks() -> tuple[int, int]:
    """Of all cores since the machine's start: idle, and in all."""
    first = Path("/proc/stat").read_text("utf-8").partition("\n")[0]
    ticks = [int(word) for word in first.split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def launched(
    command: Sequence[str],
    port: int,
    path: str,
    *,
    environ: Mapping[str, str],
    log: Path,
    pinned: bool = True,
) -> tuple[subprocess.Popen[bytes], float]:
    """A server, once it answers *path*, and the seconds that took from its start.

    *pinned*: to the first core. Raises RuntimeError with its log when it ends or does not answer.
    """
    began = time.perf_counter()
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*(SERVER if pinned else []), *command],
            env=environ,
            cwd=log.parent,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    while True:
        try:
            with Line(port) as line:
                if line.ask(get(path)).status < 400:
                    return process, time.perf_counter() - began
        except OSError as exc:
            if process.poll() is not None or time.perf_counter() > began + START_S:
                stop(process)
                raise RuntimeError(log.read_text("utf-8", "replace")) from exc
        time.sleep(POLL_S)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server and what it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
