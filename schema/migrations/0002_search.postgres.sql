-- What a search looks through, PostgreSQL's side: folded words, one space between two, compared as
-- they are. State, site, article and author are the comment's own columns.
create table comment_words (
  seq bigint not null,
  site_id text collate "C" not null references site (id),
  words text collate "C" not null,
  primary key (seq, site_id)
);
create index comment_words_by_word on comment_words using gin (string_to_array(words, ' '));
alter table comment_words alter words set statistics 0;
alter index comment_words_by_word alter column 1 set statistics 0;
