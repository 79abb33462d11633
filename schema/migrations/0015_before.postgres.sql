-- What was before. PostgreSQL's side.

-- What a comment's reports had come to before a ban was applied to it, as JSON: of those that follow
-- each other and have the same outcome, the last one's id, the outcome, when and by whom.
alter table ban_change add column reports text collate "C";

-- What a browser has earned by moderators' approvals, however much of its comments rules published.
create index comment_by_earned on comment (site_id, browser, state,
  (case when substr(decided_by, 1, 5) = 'rule:' then 1 else 0 end), state_at)
  where browser is not null;

-- When a comment that a browser brought was last refused, as its reader is told.
create index comment_by_refused on comment (site_id, browser, state_at)
  where browser is not null and told is null and state <> 'approved' and state <> 'pending';
