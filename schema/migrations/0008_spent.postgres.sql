-- What is good for one comment. PostgreSQL's side.

-- What came with a comment and was used up by it, a form's stamp for one, by a hash that nobody
-- can be known by. `uses` counts the comments that it came with.
create table spent (
  site_id text collate "C" not null references site (id),
  tag bytea not null,
  uses bigint not null,
  expires_at bigint not null,
  primary key (site_id, tag)
);
create index spent_by_expiry on spent (expires_at);
