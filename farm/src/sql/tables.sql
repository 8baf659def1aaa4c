-- The queue's tables, made once. Rows are written by functions.sql alone, with the rights of assay_owner.
-- Weights, salts and blinders never come here; a claim is bytes that this schema does not read.

-- What this farm is: one row.
CREATE TABLE farm (
    single       boolean PRIMARY KEY DEFAULT true CHECK (single),
    -- Which farm a model's secret file names as the home of its counter.
    id           uuid NOT NULL DEFAULT gen_random_uuid(),
    -- Version of these tables and functions.
    version      integer NOT NULL,
    -- Which database this is, by home(): another one is a copy or a restored backup, whose counters are old.
    home         text NOT NULL,
    lease        interval NOT NULL CHECK (lease > '0'),
    most_starts  integer NOT NULL CHECK (most_starts > 0),
    -- Whether the last tasks are given to a second worker when it has nothing else to do.
    twice        boolean NOT NULL DEFAULT true
);

-- The counter of openings of each model's weights: the only one once the model is here.
CREATE TABLE model (
    model_id  bytea PRIMARY KEY CHECK (octet_length(model_id) = 32),
    used      bigint NOT NULL,
    total     bigint NOT NULL,
    CHECK (0 <= used AND used <= total)
);

CREATE TABLE task (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    engagement   text NOT NULL,
    -- Hash of all that the proof says but its outputs: nothing is proven twice.
    statement    bytea NOT NULL UNIQUE CHECK (octet_length(statement) = 32),
    model_id     bytea NOT NULL REFERENCES model,
    layout       text NOT NULL,
    -- What a worker has to have to prove it.
    kind         text NOT NULL GENERATED ALWAYS AS (encode(model_id, 'hex') || '/' || layout) STORED,
    claim        bytea NOT NULL CHECK (octet_length(claim) <= 64 * 1024 * 1024),
    memory       bigint NOT NULL CHECK (memory >= 0),
    deadline     timestamptz NOT NULL,
    state        text NOT NULL DEFAULT 'queued'
                 CHECK (state IN ('queued', 'running', 'done', 'set_aside', 'cancelled')),
    -- Tries that count towards most_starts: those that were given back do not, and two workers that prove it side by side are one.
    starts       integer NOT NULL DEFAULT 0,
    -- The others. After ten of them each start counts: nobody takes and gives back for ever.
    given_back   integer NOT NULL DEFAULT 0,
    -- Second workers that it was given to.
    copies       integer NOT NULL DEFAULT 0,
    -- One of two failed or was lost: the try counts, even if the other gives it back.
    faulted      boolean NOT NULL DEFAULT false,
    -- Who may keep it: whoever has this token. Not a name: names come back after a restart.
    token        bytea,
    lease_until  timestamptz,
    since        timestamptz,
    worker       text,
    step         text,
    -- The same of a second worker, while two prove it; either one keeps it.
    second       bytea,
    second_until timestamptz,
    second_since timestamptz,
    second_worker text,
    second_step  text,
    error        text,
    peak         bigint
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE task ALTER claim SET STORAGE EXTERNAL;
CREATE INDEX task_next ON task (deadline, id) WHERE state = 'queued';
CREATE INDEX task_last ON task (deadline, since, id) WHERE state = 'running';
CREATE INDEX task_lease ON task (lease_until) WHERE state = 'running';
CREATE INDEX task_engagement ON task (engagement, state);

-- Openings: a row for each number that was granted. It stays when its task is forgotten.
CREATE TABLE start (
    token     bytea PRIMARY KEY,
    task      bigint NOT NULL,
    model_id  bytea NOT NULL,
    number    bigint NOT NULL,
    worker    text NOT NULL,
    -- Who logged in.
    login     name NOT NULL DEFAULT session_user,
    at        timestamptz NOT NULL DEFAULT now(),
    -- Its bundle was false: no other is taken for it.
    refused   boolean NOT NULL DEFAULT false,
    UNIQUE (model_id, number)
);
CREATE INDEX start_at ON start (at);

-- Bundles, verified by the worker before they come here, and again by whoever collects them.
CREATE TABLE result (
    statement    bytea PRIMARY KEY REFERENCES task (statement) ON DELETE CASCADE,
    token        bytea NOT NULL,
    bundle       bytea NOT NULL CHECK (octet_length(bundle) BETWEEN 1 AND 1024 * 1024),
    verified_at  timestamptz NOT NULL DEFAULT now(),
    seconds      double precision NOT NULL,
    peak         bigint,
    worker       text NOT NULL,
    -- The owner verified it, too, and has it.
    kept         boolean NOT NULL DEFAULT false
);
CREATE INDEX result_at ON result (verified_at);
