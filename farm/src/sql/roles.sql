-- Two roles that nobody logs in as: users are made members of one of them. Whoever runs this becomes a member of both.
DO $$ BEGIN
    -- They belong to all databases of the server, in which another queue may be set up at this moment.
    BEGIN CREATE ROLE assay_owner NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN END;
    BEGIN CREATE ROLE assay_worker NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN END;
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT assay_owner, assay_worker TO %I', current_user);
    END IF;
END $$;
CREATE SCHEMA IF NOT EXISTS assay_farm AUTHORIZATION assay_owner;
GRANT USAGE ON SCHEMA assay_farm TO assay_worker;
SET LOCAL ROLE assay_owner;
SET LOCAL search_path = assay_farm, pg_catalog, pg_temp;
