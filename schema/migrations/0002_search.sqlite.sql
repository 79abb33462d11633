-- A search finds its page in the index alone, SQLite's side: what narrows it down stands there as
-- words do, and the order of its numbers is that of time.

-- Folded words of each comment. The index keeps none: this copy of them makes deletion exact even
-- when a later version folds differently.
create table comment_words (
  seq integer primary key references comment (seq),
  words text not null
) strict;
insert into comment_words select id, c0 from word_index_content;
drop table word_index;
insert into store_info select 'indexed_to', cast(max(seq) as text) from comment having max(seq) is not null;

-- What the index is told of a comment: its words, and as marks its state, site, article and author.
-- No word begins like a mark: § is neither letter nor digit. (What tells it is store/words.py, not
-- a trigger: those may not write to it where a schema is not trusted.)
create view word_source (seq, words, marks) as
  select w.seq, w.words, '§t' || c.state || ' §s' || c.site_id || ' §a' || c.article_id
    || coalesce(' §w' || c.author_id, '')
  from comment_words as w join comment as c on c.seq = w.seq;

-- Positions are not kept (detail=none), only whole words are asked for. They are folded already:
-- the plainest tokenizer takes each of them, and each mark, as one token.
create virtual table word_index using fts5 (
  words, marks, content = 'word_source', content_rowid = 'seq', detail = none, columnsize = 0,
  tokenize = 'ascii'
);
insert into word_index (word_index) values ('rebuild');

-- Where time turns back: the numbers of comments that are older than the one before them, which an
-- import brings, or a clock put right. From one to the next, order by number is order by time.
create table turn (
  seq integer primary key references comment (seq)
) strict;
insert into turn select seq from
  (select seq, created_at, lag(created_at) over (order by seq) as before from comment)
  where created_at < before;
create trigger comment_turns after insert on comment
when new.created_at <
  (select created_at from comment where seq < new.seq order by seq desc limit 1)
begin
  insert into turn (seq) values (new.seq);
end;
