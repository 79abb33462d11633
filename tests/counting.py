"""Every counter of the store against a recount of what it counts."""

from __future__ import annotations

from palabre.actions.indexing import catch_up
from palabre.service import Service
from palabre.store import Tx
from palabre.text.words import words

_WRONG = {
    "site_tally": (
        "select site_id, state, comments from site_tally as t where comments <> "
        "(select count(*) from comment as c where c.site_id = t.site_id and c.state = t.state)"
    ),
    "article.approved": (
        "select address, approved from article as a where approved <> "
        "(select count(*) from comment as c where c.article_id = a.id and c.state = 'approved')"
    ),
    "author": (
        "select a.id, a.approved, a.rejected, a.spam from author as a where "
        "a.approved <> (select count(*) from comment where author_id = a.id "
        "and state = 'approved') or "
        "a.rejected <> (select count(*) from comment where author_id = a.id "
        "and state = 'rejected') or "
        "a.spam <> (select count(*) from comment where author_id = a.id and state = 'spam')"
    ),
    "comment.approved_below": (
        "with recursive beneath (top, id, state) as ("
        "select parent_id, id, state from comment where parent_id is not null union all "
        "select b.top, c.id, c.state from comment as c join beneath as b on c.parent_id = b.id) "
        "select c.id, c.approved_below from comment as c where c.approved_below <> "
        "(select count(*) from beneath as b where b.top = c.id and b.state = 'approved')"
    ),
    "comment.is_shown": (
        "select id from comment where is_shown <> "
        "case when state = 'approved' or approved_below > 0 then 1 else 0 end"
    ),
    "comment.version": (
        "select c.id, c.version from comment as c where c.version <> "
        "(select count(*) from decision where comment_id = c.id) + "
        "(select count(*) from edit where comment_id = c.id) and c.state <> 'deleted'"
    ),
    "the last decision": (
        "select c.id from comment as c where c.state <> (select to_state from decision "
        "where comment_id = c.id order by seq desc limit 1)"
    ),
    "the chain of decisions": (
        "select d.seq from decision as d where d.from_state is distinct from "
        "(select before.to_state from decision as before "
        "where before.comment_id = d.comment_id and before.seq < d.seq "
        "order by before.seq desc limit 1)"
    ),
    "an arrow to itself": "select seq from decision where from_state = to_state",
}


async def assert_counters_are_true(service: Service) -> None:
    """All that is counted as things come and go equals a recount, the word index included."""

    async def unit(tx: Tx) -> None:
        for counter, sql in _WRONG.items():
            wrong = [dict(row) for row in await tx.all(sql)]
            assert wrong == [], counter
        indexed = {
            row["seq"]: row["words"]
            for row in await tx.all(
                tx.either(
                    sqlite="select rowid as seq, words from word_index",
                    postgres="select seq, words from comment_words",
                )
            )
        }
        said = {
            row["seq"]: " ".join(words(f"{row['name']}\n{row['body']}"))
            for row in await tx.all("select seq, name, body from comment where body is not null")
        }
        assert indexed == said

    await catch_up(service)
    await service.store.read(unit)
