-- The first tables, PostgreSQL's side. Times are bigint milliseconds since 1970 (UTC); ids are texts
-- made by the service. Every row that grows carries its site, and every hot index starts with it
-- or with an id that belongs to one site only.
--
-- Every key of a table that grows also names its site, so that the table can be distributed by site
-- (deploy/README.md): the ids alone are unique by their randomness. Texts are compared by their
-- bytes, as SQLite does, whatever the database's own order of letters is.

-- What the store says of itself: which master key it belongs to.
create table store_info (
  name text collate "C" primary key,
  value text collate "C" not null
);

create table site (
  id text collate "C" primary key,
  name text collate "C" not null constraint site_name unique,
  locale text collate "C" not null,
  policy text collate "C" not null,
  created_at bigint not null
);

create table site_origin (
  origin text collate "C" constraint site_origin_origin primary key,
  site_id text collate "C" not null references site (id),
  position bigint not null
);
create index site_origin_by_site on site_origin (site_id, position);

-- How many comments of a site are in a state: the queue's counts without counting.
create table site_tally (
  site_id text collate "C" not null references site (id),
  state text collate "C" not null check (state in ('pending', 'approved', 'rejected', 'spam')),
  comments bigint not null check (comments >= 0),
  primary key (site_id, state)
);

create table article (
  id text collate "C" not null,
  site_id text collate "C" not null references site (id),
  address text collate "C" not null,
  title text collate "C",
  is_title_vouched bigint not null default 0,
  is_title_public bigint not null default 0,
  is_open bigint not null default 1,
  policy text collate "C" not null default '{}',
  approved bigint not null default 0 check (approved >= 0),
  last_place bigint not null default 0,
  version bigint not null default 1,
  created_at bigint not null,
  primary key (id, site_id),
  constraint article_address unique (site_id, address)
);
create index article_by_age on article (site_id, created_at, id);

-- An author is a keyed hash of an address (256 bits), wrapped anew at every key rotation.
create table author (
  id text collate "C" not null,
  site_id text collate "C" not null references site (id),
  tag bytea not null,
  key_id text collate "C" not null,
  first_seen_at bigint not null,
  approved bigint not null default 0 check (approved >= 0),
  rejected bigint not null default 0 check (rejected >= 0),
  spam bigint not null default 0 check (spam >= 0),
  blocked_at bigint,
  blocked_until bigint,
  blocked_reason text collate "C",
  blocked_by text collate "C",
  primary key (id, site_id),
  constraint author_tag unique (site_id, tag)
);

create table moderator (
  id text collate "C" primary key,
  name text collate "C" not null constraint moderator_name unique,
  token_hash bytea not null unique,
  scope text collate "C" not null check (scope in ('read', 'moderate', 'admin')),
  site_id text collate "C" references site (id),
  created_at bigint not null,
  expires_at bigint,
  revoked_at bigint
);

-- `seq` numbers comments as they come and is the word index's document number. `path` orders a
-- thread: eight hexadecimal digits a level, each the comment's place on its article; `root` is the
-- first of them. `asked_parent` is what the author replied to, `parent_id` what that is shown
-- under, which differs beyond the site's depth. `approved_below` counts approved comments anywhere beneath; `is_shown` is 1 for
-- what the public listing holds: approved comments, and tombstones.
create sequence comment_seq as bigint;
create table comment (
  seq bigint not null default nextval('comment_seq'),
  id text collate "C" not null,
  site_id text collate "C" not null references site (id),
  article_id text collate "C" not null,
  author_id text collate "C",
  moderator_id text collate "C" references moderator (id),
  parent_id text collate "C",
  asked_parent text collate "C",
  depth bigint not null,
  root bigint not null,
  path text collate "C" not null,
  state text collate "C" not null check (state in ('pending', 'approved', 'rejected', 'spam', 'deleted')),
  told text collate "C",
  version bigint not null default 1,
  name text collate "C",
  website text collate "C",
  title text collate "C",
  hue bigint,
  body text collate "C",
  html text collate "C",
  signals text collate "C" not null default '[]',
  fingerprint bytea,
  body_hash bytea,
  approved_below bigint not null default 0 check (approved_below >= 0),
  is_shown bigint not null default 0,
  reports bigint not null default 0,
  reason text collate "C",
  decided_at bigint,
  decided_by text collate "C",
  state_at bigint not null,
  created_at bigint not null,
  edited_at bigint,
  primary key (id, site_id),
  constraint comment_fingerprint unique (article_id, fingerprint, site_id),
  foreign key (article_id, site_id) references article (id, site_id),
  foreign key (author_id, site_id) references author (id, site_id),
  foreign key (parent_id, site_id) references comment (id, site_id),
  check ((state = 'deleted') = (body is null)),
  check ((is_shown = 1) = (state = 'approved' or approved_below > 0))
);
create index comment_by_seq on comment (seq);
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

create sequence decision_seq as bigint;
create table decision (
  seq bigint not null default nextval('decision_seq'),
  site_id text collate "C" not null references site (id),
  comment_id text collate "C" not null,
  from_state text collate "C",
  to_state text collate "C" not null,
  moderator_id text collate "C" references moderator (id),
  decided_by text collate "C" not null,
  at bigint not null,
  reason text collate "C",
  note text collate "C",
  primary key (seq, site_id),
  foreign key (comment_id, site_id) references comment (id, site_id)
);
create index decision_by_site on decision (site_id, seq);
create index decision_by_comment on decision (comment_id, seq);
create index decision_by_moderator on decision (moderator_id, seq) where moderator_id is not null;

create sequence edit_seq as bigint;
create table edit (
  seq bigint not null default nextval('edit_seq'),
  site_id text collate "C" not null references site (id),
  comment_id text collate "C" not null,
  moderator_id text collate "C" references moderator (id),
  edited_by text collate "C" not null,
  at bigint not null,
  body text collate "C" not null,
  primary key (seq, site_id),
  foreign key (comment_id, site_id) references comment (id, site_id)
);
create index edit_by_comment on edit (comment_id, seq);

create table receipt (
  token_hash bytea not null,
  site_id text collate "C" not null references site (id),
  comment_id text collate "C" not null,
  created_at bigint not null,
  primary key (token_hash, site_id),
  foreign key (comment_id, site_id) references comment (id, site_id)
);
create index receipt_by_comment on receipt (comment_id, created_at);

-- What tells a repeated request from a new one: keyed hashes, for 24 hours.
create table replay (
  site_id text collate "C" not null references site (id),
  request_tag bytea not null,
  fields_tag bytea not null,
  key_id text collate "C" not null,
  comment_id text collate "C" not null,
  expires_at bigint not null,
  primary key (site_id, request_tag),
  foreign key (comment_id, site_id) references comment (id, site_id)
);
create index replay_by_comment on replay (comment_id);
create index replay_by_expiry on replay (expires_at);

-- A visitor's keyed hash of the day, for 24 hours: the submission limit's theoretical arrival
-- time (GCRA), and how many comments came since the window began.
create table visit (
  site_id text collate "C" not null references site (id),
  visitor_tag bytea not null,
  due_at bigint not null,
  window_at bigint not null,
  window_comments bigint not null,
  expires_at bigint not null,
  primary key (site_id, visitor_tag)
);
create index visit_by_expiry on visit (expires_at);

-- What the transactions of the last minutes have outdated of what processes remember: names as a
-- JSON array. `xact` is the transaction's number, which a snapshot tells to be over or not.
create table outdated (
  xact bigint not null,
  at bigint not null,
  names text collate "C" not null
);
create index outdated_by_xact on outdated (xact);
create index outdated_by_age on outdated (at);

-- The planner's statistics would keep samples of what people wrote, and of hashes.
alter table comment
  alter name set statistics 0,
  alter website set statistics 0,
  alter title set statistics 0,
  alter body set statistics 0,
  alter html set statistics 0,
  alter signals set statistics 0,
  alter fingerprint set statistics 0,
  alter body_hash set statistics 0;
alter table author
  alter tag set statistics 0;
alter table article
  alter title set statistics 0;
alter table decision
  alter note set statistics 0;
alter table edit
  alter body set statistics 0;
alter table receipt
  alter token_hash set statistics 0;
alter table replay
  alter request_tag set statistics 0,
  alter fields_tag set statistics 0;
alter table visit
  alter visitor_tag set statistics 0;
