-- What a site has learned from its moderators' decisions. PostgreSQL's side.

-- How much there is of it. `labels`: comments that were approved or called spam; `honest`, `spam`:
-- the distinct texts among them. `scores`: of honest ones, how many had which score, in thousandths,
-- before they were learned, as JSON.
create table learned_site (
  site_id text collate "C" primary key references site (id),
  labels bigint not null default 0,
  honest bigint not null default 0,
  spam bigint not null default 0,
  scores text collate "C" not null default '{}'
);

-- In how many honest and spam texts a feature stood. Which word it is, nobody can tell.
create table learned_feature (
  site_id text collate "C" not null references site (id),
  bucket bigint not null,
  honest bigint not null,
  spam bigint not null,
  primary key (site_id, bucket)
);

-- What a moderator's decision taught, so that it can be taken back: whose it was, and what was
-- counted. `score`: in thousandths, before it was learned; null where too little was known. What
-- has the same text or signature has the same digest, and is counted once. Gone with the comment.
create table learned_label (
  site_id text collate "C" not null references site (id),
  comment_id text collate "C" not null,
  is_spam bigint not null,
  moderator_id text collate "C" not null references moderator (id),
  at bigint not null,
  score bigint,
  text_digest bytea not null,
  text_buckets text collate "C" not null,
  signed_digest bytea not null,
  signed_buckets text collate "C" not null,
  primary key (site_id, comment_id)
);
create index learned_label_by_text on learned_label (site_id, text_digest, is_spam);
create index learned_label_by_signature on learned_label (site_id, signed_digest, is_spam);
create index learned_label_by_moderator on learned_label (site_id, moderator_id, at);

-- What the learned score called spam goes like all spam: its author, who was told that it waits,
-- loses nothing by it, and it would stay for as long as what waits may.
drop index comment_by_state_age;
create index comment_by_state_age on comment (site_id, state, state_at)
  where (state = 'rejected' or state = 'spam')
  and (told is null or decided_by = 'rule:honeypot' or decided_by = 'rule:learned');
drop index comment_by_told_age;
create index comment_by_told_age on comment (site_id, told, state_at) where state = 'spam'
  and told is not null and decided_by <> 'rule:honeypot' and decided_by <> 'rule:learned';
