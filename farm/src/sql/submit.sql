-- Queues what is not there yet; the number of tasks that were added. A second run adds nothing.
WITH added AS (
    INSERT INTO assay_farm.task (engagement, statement, model_id, layout, memory, deadline, claim)
    SELECT engagement, statement, model_id, layout, memory, to_timestamp(deadline), claim
    FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::text[], $5::bigint[], $6::double precision[], $7::bytea[])
        WITH ORDINALITY AS new (engagement, statement, model_id, layout, memory, deadline, claim, place)
    ORDER BY place
    ON CONFLICT (statement) DO NOTHING
    RETURNING 1
)
SELECT count(*), pg_notify('assay_farm', '') FROM added
