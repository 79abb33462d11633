"""`POST /v1/moderation/comments/ID/…` and its kin, over HTTP."""

from __future__ import annotations

import httpx2
import makers


async def test_an_approved_comment_is_public_and_a_rejected_one_is_gone_at_once(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client)
    assert (await makers.listing(client))["comments"] == []
    await makers.act(client, moderator, comment_id, "approve")
    shown = (await makers.listing(client))["comments"]
    assert [comment["id"] for comment in shown] == [comment_id]
    await makers.act(client, moderator, comment_id, "reject", reason="abuse")
    assert (await makers.listing(client))["comments"] == []
