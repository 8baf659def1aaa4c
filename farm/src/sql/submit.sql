-- Queues what is not there yet; the number of tasks that were added. A second run adds nothing, but may move deadlines.
WITH new AS (
    SELECT engagement, statement, model_id, layout, memory, to_timestamp(deadline) AS deadline, claim, place
    FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::text[], $5::bigint[], $6::double precision[], $7::bytea[])
        WITH ORDINALITY AS given (engagement, statement, model_id, layout, memory, deadline, claim, place)
), moved AS (
    UPDATE assay_farm.task t SET deadline = new.deadline FROM new
    WHERE t.statement = new.statement AND t.state = 'queued' AND t.deadline <> new.deadline
), added AS (
    INSERT INTO assay_farm.task (engagement, statement, model_id, layout, memory, deadline, claim)
    SELECT engagement, statement, model_id, layout, memory, deadline, claim FROM new ORDER BY place
    ON CONFLICT (statement) DO NOTHING
    RETURNING 1
)
SELECT count(*), pg_notify('assay_farm', '') FROM added
