-- What version 3 has and version 2 has not: two workers of a task side by side, each with a lease of its own, of which only the first is a start
-- that counts; and which bundles were collected. functions.sql comes after it.
ALTER TABLE assay_farm.task ADD copies integer NOT NULL DEFAULT 0, ADD faulted boolean NOT NULL DEFAULT false,
    ADD second_until timestamptz, ADD second_since timestamptz, ADD second_worker text, ADD second_step text;
-- What was given to two had the second one's name, and counted twice.
UPDATE assay_farm.task t SET copies = 1, starts = greatest(t.starts - 1, 0) WHERE t.doubled;
UPDATE assay_farm.task t SET second_until = t.lease_until, second_since = t.since, second_worker = t.worker,
    worker = coalesce((SELECT s.worker FROM assay_farm.start s WHERE s.token = t.token), t.worker),
    since = coalesce((SELECT s.at FROM assay_farm.start s WHERE s.token = t.token), t.since)
WHERE t.second IS NOT NULL;
-- Its index goes with it.
ALTER TABLE assay_farm.task DROP doubled;
CREATE INDEX task_last ON assay_farm.task (deadline, since, id) WHERE state = 'running';
ALTER TABLE assay_farm.result ADD kept boolean NOT NULL DEFAULT false;
