-- More came than may. SQLite's side.

-- Until when a site, or an article, is taken to get more comments than its limit; null if it never
-- did. What came meanwhile and bore a mark is spam that has the signal `flood`.
alter table site add column flooded_until integer;
alter table article add column flooded_until integer;
