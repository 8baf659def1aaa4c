-- One row an engagement, the most urgent first.
SELECT t.engagement,
    count(*) FILTER (WHERE t.state = 'queued') AS queued,
    count(*) FILTER (WHERE t.state = 'queued' AND t.deadline <= now()) AS late,
    count(*) FILTER (WHERE t.state = 'running') AS running,
    count(*) FILTER (WHERE t.state = 'done') AS done,
    count(*) FILTER (WHERE t.state = 'set_aside') AS set_aside,
    count(*) FILTER (WHERE t.state = 'cancelled') AS cancelled,
    extract(epoch FROM min(t.deadline) FILTER (WHERE t.state IN ('queued', 'running')))::double precision AS deadline,
    count(r.statement) FILTER (WHERE r.verified_at > now() - interval '1 hour') AS last_hour,
    avg(r.seconds) AS seconds,
    sum(r.seconds) AS all_seconds
FROM assay_farm.task t LEFT JOIN assay_farm.result r USING (statement)
GROUP BY t.engagement ORDER BY min(t.deadline), t.engagement
