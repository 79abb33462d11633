-- What an edit masked. PostgreSQL's side.

-- How much personal data of each kind, as JSON; null where the edit was no mask. The body of such
-- an edit is masked too.
alter table edit add column masked text collate "C";
