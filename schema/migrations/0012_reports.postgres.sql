-- Readers' reports of comments. PostgreSQL's side.

-- Kept as long as the comment is public, and 90 days longer at most. `outcome` follows what
-- moderators decide about the comment; `gone` when nobody had and its author took it away. `counts`
-- is 1 for a report that speaks for holding the comment. `dismissed_before` and `recent` are of its
-- reporter on that day. The tags are keyed hashes of the day, gone after 24 hours: who reports, the
-- wider network, and what tells the same request again.
create table report (
  id text collate "C" not null,
  site_id text collate "C" not null references site (id),
  comment_id text collate "C" not null,
  reason text collate "C" not null,
  note text collate "C",
  outcome text collate "C" not null default 'open'
    check (outcome in ('open', 'upheld', 'dismissed', 'gone')),
  settled_at bigint,
  settled_by text collate "C",
  counts bigint not null,
  dismissed_before bigint not null,
  recent bigint not null,
  at bigint not null,
  visitor_tag bytea,
  area_tag bytea,
  request_tag bytea,
  tags_until bigint,
  primary key (site_id, id),
  foreign key (comment_id, site_id) references comment (id, site_id)
);
create index report_by_comment on report (comment_id, id);
create index report_by_visitor on report (site_id, visitor_tag) where visitor_tag is not null;
create index report_by_expiry on report (tags_until) where tags_until is not null;
create index report_by_outcome on report (site_id, outcome, at);

-- What tells a reporter what became of it, known by the hash of the link's token.
create table report_receipt (
  token_hash bytea not null,
  site_id text collate "C" not null references site (id),
  report_id text collate "C" not null,
  created_at bigint not null,
  primary key (token_hash, site_id),
  foreign key (site_id, report_id) references report (site_id, id)
);
create index report_receipt_by_report on report_receipt (site_id, report_id, created_at);

-- Comments with open reports, in each state the most reported first: `rank` falls with each.
create index comment_by_reports on comment (site_id, state, rank, created_at, seq)
  where reports > 0;

-- The planner's statistics would keep samples of what people wrote, and of hashes.
alter table report
  alter note set statistics 0,
  alter visitor_tag set statistics 0,
  alter area_tag set statistics 0,
  alter request_tag set statistics 0;
alter table report_receipt
  alter token_hash set statistics 0;
