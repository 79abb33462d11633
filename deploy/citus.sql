-- Distributes Palabre's tables over the workers of a Citus cluster, by site. Run it once, on the
-- coordinator, after `palabre migrate` and before there is much in them (or give it the time to
-- move the rows); then use the coordinator's URL as PALABRE_DATABASE_URL.
--
-- All that belongs to a site lies on one worker: a submission, a decision and a listing each touch
-- that one alone. What the tables demand of it (every key names the site) is tried in the tests on
-- PostgreSQL's own partitions; a real cluster was not.

-- What is small and asked for from everywhere.
select create_reference_table('store_info');
select create_reference_table('site');
select create_reference_table('site_origin');
select create_reference_table('moderator');
select create_reference_table('mailbox');
select create_reference_table('webhook');
select create_reference_table('recurring');
select create_reference_table('session');
select create_reference_table('login_link');
select create_reference_table('login_attempt');

-- What grows, in the order in which tables refer to one another.
select create_distributed_table('site_tally', 'site_id');
select create_distributed_table('article', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('author', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('browser', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('comment', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('comment_words', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('decision', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('edit', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('receipt', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('replay', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('visit', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('spent', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('learned_site', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('learned_feature', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('learned_label', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('report', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('report_receipt', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('job', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('digest', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('lease', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('comment_signal', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('comment_band', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('ban', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('comment_tag', 'site_id', colocate_with => 'site_tally');
select create_distributed_table('ban_change', 'site_id', colocate_with => 'site_tally');

-- `outdated` and `migration` stay on the coordinator: they are nobody's site's.
