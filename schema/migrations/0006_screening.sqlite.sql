-- What screening found two comments to have in common. SQLite's side.

-- The first comment of those whose texts are alike, itself included; null where none is.
alter table comment add column alike text;
create index comment_by_alike on comment (site_id, alike, created_at) where alike is not null;
