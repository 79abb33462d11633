-- What texts alike are found by. SQLite's side.

-- The sketch of a comment's text, derived from it and gone with it; null where there is too little.
alter table comment add column sketch blob;

-- A few hashes of a text each, for 30 days: texts that are alike share one of them.
create table comment_band (
  site_id text not null references site (id),
  band integer not null,
  seq integer not null,
  created_at integer not null,
  primary key (site_id, band, seq)
) strict, without rowid;
create index comment_band_by_age on comment_band (site_id, created_at, seq);
