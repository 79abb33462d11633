-- The desk: who is signed in, by which links, and who looks at what. PostgreSQL's side.

-- A moderator who has signed in, known by the hash of the cookie. `id` names the session where it
-- is listed. `language` and `has_keys` are what was chosen for it; `last` is its last decision as
-- JSON, which can be undone.
create table session (
  token_hash bytea primary key,
  id text collate "C" not null,
  moderator_id text collate "C" not null references moderator (id),
  language text collate "C",
  has_keys bigint not null default 1,
  last text collate "C",
  created_at bigint not null,
  seen_at bigint not null,
  constraint session_id unique (id)
);
create index session_by_moderator on session (moderator_id, created_at);
create index session_by_age on session (created_at);

-- Links that sign in once.
create table login_link (
  token_hash bytea primary key,
  moderator_id text collate "C" not null references moderator (id),
  expires_at bigint not null
);
create index login_link_by_expiry on login_link (expires_at);

-- Where wrong tokens came from lately, by a keyed hash of the day: see `visit`.
create table login_attempt (
  network_tag bytea primary key,
  due_at bigint not null,
  expires_at bigint not null
);
create index login_attempt_by_expiry on login_attempt (expires_at);

-- Who looks at a comment just now.
create table lease (
  site_id text collate "C" not null references site (id),
  comment_id text collate "C" not null,
  moderator_id text collate "C" not null references moderator (id),
  until_at bigint not null,
  primary key (site_id, comment_id, moderator_id)
);
create index lease_by_expiry on lease (until_at);

-- What waits in the order of urgency: the lower the rank, the sooner. 100 times the weight of the
-- heaviest signal, and 100 for each report, below zero. Known of all, indexed for what waits.
alter table comment add column rank bigint not null default 0;
create index comment_by_rank on comment (site_id, rank, created_at, seq)
  where state = 'pending';
update comment set rank = -coalesce((
  select max(cast(round(100 * cast(value ->> 1 as numeric)) as bigint))
  from jsonb_array_elements(cast(signals as jsonb))
), 0) - 100 * reports where signals <> '[]' or reports > 0;

-- Which comments have a signal of a name: one row each, moved when the comment changes its state,
-- gone with its words.
create table comment_signal (
  site_id text collate "C" not null references site (id),
  name text collate "C" not null,
  state text collate "C" not null,
  created_at bigint not null,
  seq bigint not null,
  primary key (site_id, name, state, created_at, seq)
);
insert into comment_signal (site_id, name, state, created_at, seq)
  select site_id, value ->> 0, state, created_at, seq
  from comment, jsonb_array_elements(cast(signals as jsonb)) where signals <> '[]'
  on conflict do nothing;
