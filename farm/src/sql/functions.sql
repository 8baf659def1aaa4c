-- What a worker may do, and nothing else: functions with the rights of assay_owner. Each call is one transaction.
-- All times are the database's.

-- Which database this is: its files, the line of its history, and the table itself, so that neither a restored backup nor a
-- copy elsewhere passes for it. Not seen: a disk that was put back as a whole, timeline included.
CREATE OR REPLACE FUNCTION home() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
        substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
        (SELECT oid FROM pg_database WHERE datname = current_database()), 'assay_farm.model'::regclass::oid)
$$;

-- What a program has to know before it does anything else; `version` must be its own.
CREATE OR REPLACE FUNCTION hello(OUT version integer, OUT id text, OUT same_home boolean, OUT lease double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.version, f.id::text, f.home = assay_farm.home(), extract(epoch FROM f.lease)::double precision FROM assay_farm.farm f
$$;

-- Of two workers that prove a task the second does so alone from now on; `failed` or lost, rather than told to stop, is the first.
CREATE OR REPLACE FUNCTION move_up(task_id bigint, failed boolean) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE assay_farm.task SET token = second, lease_until = second_until, since = second_since, worker = second_worker, step = second_step,
        second = NULL, faulted = faulted OR failed
    WHERE id = task_id
$$;

-- Ends the leases of workers that were lost: where another proves the same, the task is that one's; else it is queued again, or set aside
-- after most_starts tries. Workers without a task hear of it where that is more than one.
CREATE OR REPLACE FUNCTION sweep() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lost bigint;
    queued bigint;
BEGIN
    -- Rows that others hold are theirs to sweep, or were beaten a moment ago.
    FOR lost IN SELECT id FROM assay_farm.task WHERE state = 'running' AND lease_until < now()
        AND second IS NOT NULL AND second_until >= now() FOR UPDATE SKIP LOCKED
    LOOP PERFORM assay_farm.move_up(lost, true); END LOOP;
    WITH ended AS (
        UPDATE assay_farm.task t SET
            state = CASE WHEN t.starts < f.most_starts THEN 'queued' ELSE 'set_aside' END, second = NULL,
            error = format('%s was not heard of for %s',
                concat_ws(' and ', t.worker, CASE WHEN t.second IS NOT NULL THEN t.second_worker END), f.lease)
        FROM assay_farm.farm f
        WHERE t.id IN (SELECT id FROM assay_farm.task WHERE state = 'running' AND lease_until < now()
            AND (second IS NULL OR second_until < now()) FOR UPDATE SKIP LOCKED)
        RETURNING t.state
    )
    SELECT count(*) INTO queued FROM ended WHERE state = 'queued';
    IF queued > 1 THEN NOTIFY assay_farm; END IF;
END $$;

-- Hands out the most urgent task that this worker can prove in time: lease, start and opening in one transaction. `kinds` are
-- models and layouts it has, `seconds` how long each takes it. No row: nothing is left that fits, or no opening for it.
--
-- Where nothing waits that this worker has the model for, a task of another worker is given to this one, too (`is_second`): the first
-- bundle wins. Not as a try that counts, and not to more than most_starts with its tries; only if its worker has had it for longer than this
-- one needs, or has missed two beats; only if no second worker proves it, or that one has missed two beats; and only if as many openings of
-- its model are left, after this one, as it has tasks that are not proven, so that each can still be started. A worker that lies about its
-- name or its speed comes by such a task sooner, by no more of them, and by no other opening; but one that lies about its bundle ends the
-- other's proof, and only collecting finds it. `twice` off takes that away from it.
CREATE OR REPLACE FUNCTION take(who text, free_memory bigint, kinds text[], seconds double precision[])
RETURNS TABLE (id bigint, token bytea, statement bytea, model_id bytea, layout text, number bigint, claim bytea,
               memory bigint, deadline double precision, start integer, is_second boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
-- By the index, in its order, up to the first that fits: the planner expects few tasks, and would read and sort all of them. What is off
-- counts as dear where nothing else is left, and would be compiled.
SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    settings assay_farm.farm;
    chosen assay_farm.task;
    -- Models with more openings than tasks that are running; and what is kept of the chosen one's.
    plenty bytea[];
    kept bigint := 0;
    twice boolean := false;
    -- A lease that ends before this was not prolonged for two beats, of four that it has.
    quiet timestamptz;
    granted bigint;
    fresh bytea := uuid_send(gen_random_uuid());
BEGIN
    SELECT f.* INTO settings FROM assay_farm.farm f;
    IF settings.home <> assay_farm.home() THEN
        RAISE EXCEPTION 'another database' USING ERRCODE = 'AF001';
    END IF;
    -- Whatever the server's default: a number that was granted is on the disk before it is used.
    IF current_setting('synchronous_commit') = 'off' THEN PERFORM set_config('synchronous_commit', 'on', true); END IF;
    PERFORM assay_farm.sweep();
    SELECT t.* INTO chosen FROM assay_farm.task t
    WHERE t.state = 'queued' AND t.kind = ANY (kinds) AND t.memory <= free_memory
      -- Not before now() already: what is late for everybody is not looked at one by one.
      AND t.deadline > now()
      AND t.deadline >= now() + make_interval(secs => seconds[array_position(kinds, t.kind)])
      AND EXISTS (SELECT FROM assay_farm.model m WHERE m.model_id = t.model_id AND m.used < m.total OFFSET 0)
    ORDER BY t.deadline, t.id LIMIT 1 FOR UPDATE OF t SKIP LOCKED;
    IF NOT FOUND THEN
        -- What waits for memory, or for openings, comes first; what this worker has no model for is not kept waiting by it.
        IF NOT settings.twice
            OR EXISTS (SELECT FROM assay_farm.task t WHERE t.state = 'queued' AND t.deadline > now() AND t.kind = ANY (kinds))
        THEN RETURN; END IF;
        quiet := now() + settings.lease / 2;
        plenty := ARRAY(SELECT m.model_id FROM assay_farm.model m WHERE m.total - m.used >
            (SELECT count(*) FROM assay_farm.task t WHERE t.state = 'running' AND t.model_id = m.model_id));
        SELECT t.* INTO chosen FROM assay_farm.task t
        WHERE t.state = 'running' AND t.kind = ANY (kinds) AND t.memory <= free_memory
          AND t.starts + t.copies < settings.most_starts AND (t.second IS NULL OR t.second_until < quiet)
          AND t.model_id = ANY (plenty) AND t.worker <> left(who, 200)
          AND (t.lease_until < quiet OR t.since <= now() - make_interval(secs => greatest(0, seconds[array_position(kinds, t.kind)])))
          AND t.deadline >= now() + make_interval(secs => seconds[array_position(kinds, t.kind)])
        ORDER BY t.deadline, t.since, t.id LIMIT 1 FOR UPDATE OF t SKIP LOCKED;
        IF NOT FOUND THEN RETURN; END IF;
        twice := true;
        -- Every take holds the counter's row until it ends: counted after it is had, nothing of the count is old. (The row of a task that
        -- is submitted meanwhile holds its key only.)
        PERFORM FROM assay_farm.model m WHERE m.model_id = chosen.model_id FOR NO KEY UPDATE;
        kept := (SELECT count(*) FROM assay_farm.task t
            WHERE t.state IN ('queued', 'running') AND t.deadline > now() AND t.model_id = chosen.model_id);
    END IF;
    UPDATE assay_farm.model m SET used = m.used + 1 WHERE m.model_id = chosen.model_id AND m.used + kept < m.total
    RETURNING m.used INTO granted;
    -- Another took the last opening a moment ago.
    IF NOT FOUND THEN RETURN; END IF;
    INSERT INTO assay_farm.start (token, task, model_id, number, worker)
    VALUES (fresh, chosen.id, chosen.model_id, granted, left(who, 200));
    IF twice THEN
        UPDATE assay_farm.task t SET copies = t.copies + 1, second = fresh, second_until = now() + settings.lease, second_since = now(),
            second_worker = left(who, 200), second_step = NULL
        WHERE t.id = chosen.id;
    ELSE
        UPDATE assay_farm.task t SET state = 'running', starts = t.starts + 1, faulted = false, token = fresh, second = NULL,
            lease_until = now() + settings.lease, since = now(), worker = left(who, 200), step = NULL
        WHERE t.id = chosen.id;
    END IF;
    RETURN QUERY SELECT chosen.id, fresh, chosen.statement, chosen.model_id, chosen.layout, granted, chosen.claim,
        chosen.memory, extract(epoch FROM chosen.deadline)::double precision, chosen.starts + (NOT twice)::integer, twice;
END $$;

-- Keeps a task for another lease. One whose lease ended, but that nobody took since, is kept, too: a worker that slept goes on.
-- 'mine', or why not: 'finished', 'cancelled' (past the deadline, too), 'another'.
CREATE OR REPLACE FUNCTION beat(task_id bigint, mine bytea, at_step text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    how text;
BEGIN
    UPDATE assay_farm.task t SET state = 'running',
        lease_until = CASE WHEN mine = t.token THEN now() + f.lease ELSE t.lease_until END,
        step = CASE WHEN mine = t.token THEN left(at_step, 200) ELSE t.step END,
        second_until = CASE WHEN mine = t.second THEN now() + f.lease ELSE t.second_until END,
        second_step = CASE WHEN mine = t.second THEN left(at_step, 200) ELSE t.second_step END
    FROM assay_farm.farm f WHERE t.id = task_id AND mine IN (t.token, t.second) AND t.deadline > now()
        AND t.state IN ('running', 'queued', 'set_aside');
    IF FOUND THEN RETURN 'mine'; END IF;
    SELECT CASE WHEN state <> 'done' AND deadline <= now() THEN 'cancelled' ELSE state END INTO how
    FROM assay_farm.task WHERE id = task_id;
    RETURN CASE how WHEN 'done' THEN 'finished' WHEN 'running' THEN 'another' WHEN 'queued' THEN 'another'
        WHEN 'set_aside' THEN 'another' ELSE 'cancelled' END;
END $$;

-- Stores a bundle and closes its task, whoever has it by now: a late bundle is as good as an early one. The first stays.
-- 'first', 'known', or 'cancelled' where nobody wants it any more. Only who was granted a start of the task can do it.
CREATE OR REPLACE FUNCTION finish(task_id bigint, mine bytea, made bytea, took double precision, most_memory bigint)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    closed assay_farm.task;
    maker text;
BEGIN
    SELECT worker INTO maker FROM assay_farm.start WHERE token = mine AND task = task_id AND NOT refused;
    IF NOT FOUND THEN RAISE EXCEPTION 'no start of this task has this token' USING ERRCODE = 'AF002'; END IF;
    SELECT * INTO closed FROM assay_farm.task WHERE id = task_id FOR UPDATE;
    IF NOT FOUND OR closed.state = 'cancelled' THEN RETURN 'cancelled'; END IF;
    IF closed.state = 'done' THEN RETURN 'known'; END IF;
    INSERT INTO assay_farm.result (statement, token, bundle, seconds, peak, worker)
    VALUES (closed.statement, mine, made, took, most_memory, maker) ON CONFLICT DO NOTHING;
    UPDATE assay_farm.task SET state = 'done', worker = maker, error = NULL, peak = most_memory WHERE id = task_id;
    RETURN 'first';
END $$;

-- Ends a start without a bundle. `counts`: the task may be at fault, so that its last try sets it aside; not where the worker
-- was told to stop. Where two prove it, it is the other's from then on. Whether the task was still this worker's.
CREATE OR REPLACE FUNCTION fail(task_id bigint, mine bytea, counts boolean, why text, at_step text, most_memory bigint)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ended assay_farm.task;
BEGIN
    SELECT * INTO ended FROM assay_farm.task t
    WHERE t.id = task_id AND mine IN (t.token, t.second) AND t.state IN ('running', 'queued', 'set_aside') FOR UPDATE;
    IF NOT FOUND THEN RETURN false; END IF;
    UPDATE assay_farm.task SET error = left(why, 1000), peak = most_memory, given_back = given_back + (NOT counts)::integer
    WHERE id = task_id;
    IF ended.state = 'running' AND mine = ended.second THEN
        UPDATE assay_farm.task SET second = NULL, faulted = faulted OR counts WHERE id = task_id;
    ELSIF ended.state = 'running' AND ended.second IS NOT NULL THEN
        PERFORM assay_farm.move_up(task_id, counts);
    ELSE
        UPDATE assay_farm.task t SET
            state = CASE WHEN c.counts AND t.starts >= f.most_starts THEN 'set_aside' ELSE 'queued' END,
            starts = t.starts - (NOT c.counts)::integer, token = NULL, second = NULL, step = left(at_step, 200)
        FROM assay_farm.farm f, (SELECT counts OR ended.faulted OR ended.given_back >= 10 AS counts) c WHERE t.id = task_id;
    END IF;
    NOTIFY assay_farm;
    RETURN true;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA assay_farm FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hello, take, beat, finish, fail TO assay_worker;
