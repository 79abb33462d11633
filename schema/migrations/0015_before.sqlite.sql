-- What was before. SQLite's side.

-- What a comment's reports had come to before a ban was applied to it, as JSON: of those that follow
-- each other and have the same outcome, the last one's id, the outcome, when and by whom.
alter table ban_change add column reports text;
