-- The first tables, SQLite's side. Times are bigint milliseconds since 1970 (UTC); ids are texts
-- made by the service. Every row that grows carries its site, and every hot index starts with it
-- or with an id that belongs to one site only.

-- What the store says of itself: which master key it belongs to.
create table store_info (
  name text primary key,
  value text not null
) strict, without rowid;

create table site (
  id text primary key,
  name text not null unique,
  locale text not null,
  policy text not null,
  created_at integer not null
) strict;

create table site_origin (
  origin text primary key,
  site_id text not null references site (id),
  position integer not null
) strict, without rowid;
create index site_origin_by_site on site_origin (site_id, position);

-- How many comments of a site are in a state: the queue's counts without counting.
create table site_tally (
  site_id text not null references site (id),
  state text not null check (state in ('pending', 'approved', 'rejected', 'spam')),
  comments integer not null check (comments >= 0),
  primary key (site_id, state)
) strict, without rowid;

create table article (
  id text primary key,
  site_id text not null references site (id),
  address text not null,
  title text,
  is_title_vouched integer not null default 0,
  is_title_public integer not null default 0,
  is_open integer not null default 1,
  policy text not null default '{}',
  approved integer not null default 0 check (approved >= 0),
  last_place integer not null default 0,
  version integer not null default 1,
  created_at integer not null,
  constraint article_address unique (site_id, address)
) strict;
create index article_by_age on article (site_id, created_at, id);

-- An author is a keyed hash of an address (256 bits), wrapped anew at every key rotation.
create table author (
  id text primary key,
  site_id text not null references site (id),
  tag blob not null,
  key_id text not null,
  first_seen_at integer not null,
  approved integer not null default 0 check (approved >= 0),
  rejected integer not null default 0 check (rejected >= 0),
  spam integer not null default 0 check (spam >= 0),
  blocked_at integer,
  blocked_until integer,
  blocked_reason text,
  blocked_by text,
  constraint author_tag unique (site_id, tag)
) strict;

create table moderator (
  id text primary key,
  name text not null unique,
  token_hash blob not null unique,
  scope text not null check (scope in ('read', 'moderate', 'admin')),
  site_id text references site (id),
  created_at integer not null,
  expires_at integer,
  revoked_at integer
) strict;

-- `seq` numbers comments as they come and is the word index's document number. `path` orders a
-- thread: eight hexadecimal digits a level, each the comment's place on its article; `root` is the
-- first of them. `asked_parent` is what the author replied to, `parent_id` what that is shown
-- under, which differs beyond the site's depth. `approved_below` counts approved comments anywhere beneath; `is_shown` is 1 for
-- what the public listing holds: approved comments, and tombstones.
create table comment (
  seq integer primary key,
  id text not null unique,
  site_id text not null references site (id),
  article_id text not null references article (id),
  author_id text references author (id),
  moderator_id text references moderator (id),
  parent_id text references comment (id),
  asked_parent text,
  depth integer not null,
  root integer not null,
  path text not null,
  state text not null check (state in ('pending', 'approved', 'rejected', 'spam', 'deleted')),
  told text,
  version integer not null default 1,
  name text,
  website text,
  title text,
  hue integer,
  body text,
  html text,
  signals text not null default '[]',
  fingerprint blob,
  body_hash blob,
  approved_below integer not null default 0 check (approved_below >= 0),
  is_shown integer not null default 0,
  reports integer not null default 0,
  reason text,
  decided_at integer,
  decided_by text,
  state_at integer not null,
  created_at integer not null,
  edited_at integer,
  constraint comment_fingerprint unique (article_id, fingerprint),
  check ((state = 'deleted') = (body is null)),
  check (is_shown = (state = 'approved' or approved_below > 0))
) strict;
create index comment_oldest on comment (article_id, path) where is_shown = 1;
create index comment_newest on comment (article_id, root desc, path) where is_shown = 1;
create index comment_by_site on comment (site_id, state, created_at, seq);
create index comment_by_article on comment (article_id, state, created_at, seq);
create index comment_by_author on comment (author_id, state, created_at, seq)
  where author_id is not null;
create index comment_by_body on comment (site_id, body_hash, created_at)
  where body_hash is not null;
create index comment_by_state_age on comment (site_id, state, state_at)
  where state in ('pending', 'rejected', 'spam');

create table decision (
  seq integer primary key,
  site_id text not null references site (id),
  comment_id text not null references comment (id),
  from_state text,
  to_state text not null,
  moderator_id text references moderator (id),
  decided_by text not null,
  at integer not null,
  reason text,
  note text
) strict;
create index decision_by_site on decision (site_id, seq);
create index decision_by_comment on decision (comment_id, seq);
create index decision_by_moderator on decision (moderator_id, seq) where moderator_id is not null;

create table edit (
  seq integer primary key,
  site_id text not null references site (id),
  comment_id text not null references comment (id),
  moderator_id text references moderator (id),
  edited_by text not null,
  at integer not null,
  body text not null
) strict;
create index edit_by_comment on edit (comment_id, seq);

create table receipt (
  token_hash blob primary key,
  site_id text not null references site (id),
  comment_id text not null references comment (id),
  created_at integer not null
) strict, without rowid;
create index receipt_by_comment on receipt (comment_id, created_at);

-- What tells a repeated request from a new one: keyed hashes, for 24 hours.
create table replay (
  site_id text not null references site (id),
  request_tag blob not null,
  fields_tag blob not null,
  key_id text not null,
  comment_id text not null references comment (id),
  expires_at integer not null,
  primary key (site_id, request_tag)
) strict, without rowid;
create index replay_by_comment on replay (comment_id);
create index replay_by_expiry on replay (expires_at);

-- A visitor's keyed hash of the day, for 24 hours: the submission limit's theoretical arrival
-- time (GCRA), and how many comments came since the window began.
create table visit (
  site_id text not null references site (id),
  visitor_tag blob not null,
  due_at integer not null,
  window_at integer not null,
  window_comments integer not null,
  expires_at integer not null,
  primary key (site_id, visitor_tag)
) strict, without rowid;
create index visit_by_expiry on visit (expires_at);

-- Folded words of each comment. Its own copy of them makes deletion exact even when a later
-- version folds differently; positions are not kept (detail=none), only whole words are asked for.
-- The words are folded already: the plainest tokenizer takes each of them as one token.
create virtual table word_index using fts5 (
  words, detail = none, columnsize = 0, tokenize = 'ascii'
);
