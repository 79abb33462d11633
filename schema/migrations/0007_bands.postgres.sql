-- What texts alike are found by. PostgreSQL's side.

-- The sketch of a comment's text, derived from it and gone with it; null where there is too little.
-- No statistics: they would keep samples of what is wiped.
alter table comment add column sketch bytea;
alter table comment alter sketch set statistics 0;

-- A few hashes of a text each, for 30 days: texts that are alike share one of them.
create table comment_band (
  site_id text collate "C" not null references site (id),
  band bigint not null,
  seq bigint not null,
  created_at bigint not null,
  primary key (site_id, band, seq)
);
alter table comment_band alter band set statistics 0;
create index comment_band_by_age on comment_band (site_id, created_at, seq);
