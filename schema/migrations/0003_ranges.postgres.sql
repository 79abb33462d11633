-- Every list is one range of an index, however the rest of the store grows. PostgreSQL's side.

-- A moderator's decisions on one site, among any number on others.
drop index decision_by_moderator;
create index decision_by_moderator on decision (site_id, moderator_id, seq)
  where moderator_id is not null;

-- What may go is never behind what has to stay because its author was told another state. Comments
-- that wait are found by their age in the queue: what is stored first touches as few indexes as can
-- be, and a list of three states would be built anew for each.
drop index comment_by_state_age;
create index comment_by_state_age on comment (site_id, state, state_at)
  where (state = 'rejected' or state = 'spam') and (told is null or decided_by = 'rule:honeypot');
create index comment_by_told_age on comment (site_id, told, state_at)
  where state = 'spam' and told is not null and decided_by <> 'rule:honeypot';
