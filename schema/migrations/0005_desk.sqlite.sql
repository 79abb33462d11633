-- The desk: who is signed in, by which links, and who looks at what. SQLite's side.

-- A moderator who has signed in, known by the hash of the cookie. `id` names the session where it
-- is listed. `language` and `has_keys` are what was chosen for it; `last` is its last decision as
-- JSON, which can be undone.
create table session (
  token_hash blob primary key,
  id text not null,
  moderator_id text not null references moderator (id),
  language text,
  has_keys integer not null default 1,
  last text,
  created_at integer not null,
  seen_at integer not null,
  constraint session_id unique (id)
) strict, without rowid;
create index session_by_moderator on session (moderator_id, created_at);
create index session_by_age on session (created_at);

-- Links that sign in once.
create table login_link (
  token_hash blob primary key,
  moderator_id text not null references moderator (id),
  expires_at integer not null
) strict, without rowid;
create index login_link_by_expiry on login_link (expires_at);

-- Where wrong tokens came from lately, by a keyed hash of the day: see `visit`.
create table login_attempt (
  network_tag blob primary key,
  due_at integer not null,
  expires_at integer not null
) strict, without rowid;
create index login_attempt_by_expiry on login_attempt (expires_at);

-- Who looks at a comment just now.
create table lease (
  site_id text not null references site (id),
  comment_id text not null,
  moderator_id text not null references moderator (id),
  until_at integer not null,
  primary key (site_id, comment_id, moderator_id)
) strict, without rowid;
create index lease_by_expiry on lease (until_at);

-- What waits in the order of urgency: the lower the rank, the sooner. 100 times the weight of the
-- heaviest signal, and 100 for each report, below zero. Known of all, indexed for what waits.
alter table comment add column rank integer not null default 0;
create index comment_by_rank on comment (site_id, rank, created_at, seq)
  where state = 'pending';
update comment set rank = -coalesce((
  select max(cast(round(100 * json_extract(value, '$[1]')) as integer)) from json_each(signals)
), 0) - 100 * reports where signals <> '[]' or reports > 0;

-- Which comments have a signal of a name: one row each, moved when the comment changes its state,
-- gone with its words.
create table comment_signal (
  site_id text not null references site (id),
  name text not null,
  state text not null,
  created_at integer not null,
  seq integer not null,
  primary key (site_id, name, state, created_at, seq)
) strict, without rowid;
insert or ignore into comment_signal (site_id, name, state, created_at, seq)
  select site_id, json_extract(value, '$[0]'), state, created_at, seq
  from comment, json_each(signals) where signals <> '[]';
