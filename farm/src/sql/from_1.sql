-- What version 2 has and version 1 has not: a task for two workers. functions.sql comes after it.
ALTER TABLE assay_farm.farm ADD twice boolean NOT NULL DEFAULT true;
ALTER TABLE assay_farm.task ADD second bytea, ADD doubled boolean NOT NULL DEFAULT false;
CREATE INDEX task_last ON assay_farm.task (deadline, since, id) WHERE state = 'running' AND NOT doubled;
-- It gives one column more.
DROP FUNCTION assay_farm.take;
