-- Readers' reports of comments. SQLite's side.

-- Kept as long as the comment is public, and 90 days longer at most. `outcome` follows what
-- moderators decide about the comment; `gone` when nobody had and its author took it away. `counts`
-- is 1 for a report that speaks for holding the comment. `dismissed_before` and `recent` are of its
-- reporter on that day. The tags are keyed hashes of the day, gone after 24 hours: who reports, the
-- wider network, and what tells the same request again.
create table report (
  id text not null,
  site_id text not null references site (id),
  comment_id text not null references comment (id),
  reason text not null,
  note text,
  outcome text not null default 'open'
    check (outcome in ('open', 'upheld', 'dismissed', 'gone')),
  settled_at integer,
  settled_by text,
  counts integer not null,
  dismissed_before integer not null,
  recent integer not null,
  at integer not null,
  visitor_tag blob,
  area_tag blob,
  request_tag blob,
  tags_until integer,
  primary key (site_id, id)
) strict, without rowid;
create index report_by_comment on report (comment_id, id);
create index report_by_visitor on report (site_id, visitor_tag) where visitor_tag is not null;
create index report_by_expiry on report (tags_until) where tags_until is not null;
create index report_by_outcome on report (site_id, outcome, at);

-- What tells a reporter what became of it, known by the hash of the link's token.
create table report_receipt (
  token_hash blob primary key,
  site_id text not null references site (id),
  report_id text not null,
  created_at integer not null,
  foreign key (site_id, report_id) references report (site_id, id)
) strict, without rowid;
create index report_receipt_by_report on report_receipt (site_id, report_id, created_at);

-- Comments with open reports, in each state the most reported first: `rank` falls with each.
create index comment_by_reports on comment (site_id, state, rank, created_at, seq)
  where reports > 0;
