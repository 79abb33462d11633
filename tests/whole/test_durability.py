"""Acknowledged means on disk: a 201 survives kill -9, and the sync comes before the answer."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import httpx2
import pytest

import killing
import makers
import needed
from running import Running

pytestmark = pytest.mark.whole
ROUNDS = 6
SYNC = r" (fdatasync|fsync|sync_file_range|msync)\("


async def test_every_acknowledged_comment_survives_kill_9_under_load(tmp_path: Path) -> None:
    with Running(tmp_path) as service:
        service.add_site()
        tally = await killing.rounds(service, ROUNDS, seed=1)
    assert tally.lost == 0
    assert tally.killed_while_busy == ROUNDS
    assert tally.counters_differ == []


def test_the_answer_s_first_byte_follows_the_sync_of_the_commit(tmp_path: Path) -> None:
    strace = needed.program("strace")
    trace = tmp_path / "trace"
    syncs = "fdatasync,fsync,sync_file_range,msync"
    calls = f"trace=pwrite64,{syncs},read,recvfrom,sendto,sendmsg,write,writev,openat"
    wrapper = [strace, "-f", "-y", "-s", "64", "-e", calls, "-o", str(trace)]
    # Without jobs, which write as well, the more of them the slower the machine is.
    with Running(tmp_path, wrapper=wrapper, jobs="false") as service:
        service.add_site()
        service.start()
        # The very first write also begins the journal, whose head and folder are synced for it.
        assert httpx2.get(f"{service.url}/readyz").status_code == 200
        for number in range(5):
            sent = makers.fields(comment=f"Cinq fois {number}")
            assert httpx2.post(f"{service.url}/v1/comments", data=sent).status_code == 201
        service.stop()
    lines = trace.read_text("utf-8", "replace").splitlines()
    received = [n for n, line in enumerate(lines) if '"POST /v1/comments' in line]
    answers = [n for n, line in enumerate(lines) if '"HTTP/1.1 201' in line]
    assert len(received) == len(answers) == 5
    syncs_seen = []
    for begin, answer in zip(received, answers, strict=True):
        before = lines[:answer]
        written = _last(before, r"pwrite64\(\d+<[^>]*-wal>")
        synced = _last(before, r"(fdatasync|fsync)\(\d+<[^>]*-wal>|fdatasync resumed")
        assert written < synced < answer
        syncs_seen.append(len([line for line in lines[begin:answer] if re.search(SYNC, line)]))
    # And whoever is alone waits for the disk once.
    assert syncs_seen == [1] * 5


def _last(lines: list[str], pattern: str) -> int:
    return max(n for n, line in enumerate(lines) if re.search(pattern, line))


def test_a_copy_taken_while_it_runs_opens_with_all_that_was_acknowledged(tmp_path: Path) -> None:
    """Database and journal together are a whole, at any moment between two writes."""
    with Running(tmp_path / "one") as service:
        (tmp_path / "one").mkdir(exist_ok=True)
        service.add_site()
        moderator = service.add_moderator()
        service.start()
        sent = makers.fields()
        answer = httpx2.post(f"{service.url}/v1/comments", data=sent)
        assert answer.status_code == 201
        shutil.copytree(service.data, tmp_path / "two" / "data")
    with Running(tmp_path / "two") as copy:
        copy.start()
        found = httpx2.get(f"{copy.url}/v1/moderation/comments", headers=moderator).json()
    assert [comment["text"] for comment in found["comments"]] == [sent["comment"]]
