-- What is to be done beside the answers, and who is to be told. SQLite's side.

-- The outbox: written in the transaction of its cause, done at least once. `topic` is what it is
-- about, one row for each of a kind: asking again for what is waiting only raises `wanted`. `lease`
-- is that of the worker which has it until `due_at`; what is asked for again meanwhile is due again
-- at `again_at`. Nothing personal: the work looks up what there is to tell when it is done. Ids sort
-- by time.
create table job (
  id text primary key,
  site_id text not null references site (id),
  kind text not null,
  topic text not null,
  subject text not null default '{}',
  wanted integer not null default 1,
  attempts integer not null default 0,
  due_at integer not null,
  again_at integer,
  lease text,
  given_up_at integer,
  error text,
  created_at integer not null,
  constraint job_topic unique (site_id, kind, topic)
) strict;
create index job_by_due on job (due_at) where given_up_at is null;
create index job_by_given_up on job (id) where given_up_at is not null;

-- What runs now and then, in one process at a time.
create table recurring (
  name text primary key,
  due_at integer not null
) strict, without rowid;

-- Where a site's events go. Its secret is not here: it is derived from the master key, the id and
-- `secret_number`, and the one before it goes on signing until `former_until`.
create table webhook (
  id text primary key,
  site_id text not null references site (id),
  url text not null,
  events text not null,
  secret_number integer not null default 1,
  former_until integer,
  created_at integer not null
) strict;
create index webhook_by_site on webhook (site_id, id);

-- Moderators who are told by mail of what waits.
create table mailbox (
  moderator_id text primary key references moderator (id),
  address text not null,
  language text not null,
  created_at integer not null
) strict, without rowid;

-- How far each of them has been told of a site: of what was created up to `told_to`, and of the
-- comments in `lately`, a JSON array of ids. A comment may come to be seen after one that was
-- created later, so `told_to` stays behind.
create table digest (
  moderator_id text not null references moderator (id),
  site_id text not null references site (id),
  told_to integer not null,
  lately text not null default '[]',
  primary key (moderator_id, site_id)
) strict, without rowid;
