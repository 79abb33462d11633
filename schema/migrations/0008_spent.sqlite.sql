-- What is good for one comment. SQLite's side.

-- What came with a comment and was used up by it, a form's stamp for one, by a hash that nobody
-- can be known by. `uses` counts the comments that it came with.
create table spent (
  site_id text not null references site (id),
  tag blob not null,
  uses integer not null,
  expires_at integer not null,
  primary key (site_id, tag)
) strict, without rowid;
create index spent_by_expiry on spent (expires_at);
