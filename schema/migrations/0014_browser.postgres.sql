-- Browsers that readers let remember them. PostgreSQL's side.

-- A browser that sends a token of ours, which its reader chose to keep, known by the token's
-- digest, with whoever posted with it first. What was approved up to `lost_at` no longer counts.
-- `outline`: how the name looks that most of its approved comments are signed with, once there are
-- enough of them for it to be theirs.
create table browser (
  site_id text collate "C" not null references site (id),
  token_hash bytea not null,
  author_id text collate "C" not null,
  since_at bigint not null,
  lost_at bigint not null default 0,
  outline text collate "C",
  primary key (site_id, token_hash),
  foreign key (author_id, site_id) references author (id, site_id)
);
create index browser_by_author on browser (author_id);
create index browser_by_outline on browser (site_id, outline, author_id) where outline is not null;

-- The token's digest, of a comment that came with one.
alter table comment add column browser bytea;
create index comment_by_browser on comment (site_id, browser, state, state_at)
  where browser is not null;
