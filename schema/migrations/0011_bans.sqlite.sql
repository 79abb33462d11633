-- Bans: what comes from a network, a domain or with a text that moderators want no more of. SQLite's side.

-- `tag` is a keyed hash of the network, domain or text, wrapped anew at every key rotation. `label`
-- is a domain as it was typed, `comment_id` the comment that the ban was made from, as long as that
-- is there; `alike` the group of its text.
create table ban (
  id text primary key,
  site_id text not null references site (id),
  kind text not null check (kind in ('address', 'network', 'mail_domain', 'link_domain', 'text')),
  tag text not null,
  key_id text not null,
  label text,
  comment_id text,
  alike text,
  reason text,
  until_at integer,
  created_at integer not null,
  created_by text not null,
  constraint ban_tag unique (site_id, tag)
) strict;
create index ban_by_age on ban (site_id, created_at, id);
create index ban_by_alike on ban (site_id, alike) where alike is not null;
create index ban_by_comment on ban (comment_id) where comment_id is not null;
create index ban_by_end on ban (until_at) where until_at is not null;

-- Blocked authors are listed among the bans.
create index author_by_block on author (site_id, blocked_at, id) where blocked_at is not null;

-- What a comment could be banned by, as keyed hashes, for 24 hours or 30 days. `place` is 0 of the
-- thing itself, 1 and more of what it is part of: a domain's parents.
create table comment_tag (
  site_id text not null references site (id),
  comment_id text not null,
  kind text not null,
  place integer not null,
  tag text not null,
  key_id text not null,
  expires_at integer not null,
  primary key (site_id, comment_id, tag)
) strict, without rowid;
create index comment_tag_by_tag on comment_tag (site_id, tag, comment_id);
create index comment_tag_by_expiry on comment_tag (expires_at);

-- What a ban that was applied to earlier comments made of them: what each was before, and its
-- version since. `ban_id` is a ban's, or the blocked author's.
create table ban_change (
  site_id text not null references site (id),
  ban_id text not null,
  comment_id text not null,
  state text not null,
  version integer not null,
  reason text,
  told text,
  primary key (site_id, ban_id, comment_id)
) strict, without rowid;
create index ban_change_by_comment on ban_change (comment_id);

-- The ban that caught a comment when it came.
alter table comment add column ban_id text;
create index comment_by_ban on comment (site_id, ban_id) where ban_id is not null;
