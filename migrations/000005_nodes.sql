-- Several nodes on one database: what each must know of the views before it reads on, builds that another
-- node can go on with, and how far back the journal goes.

-- Raised by whatever changes loam.view. Who reads the journal compares it in the same snapshot, so that no
-- row of a view's next generation is taken for one of the last.
CREATE TABLE loam.view_version (
	singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
	version bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);
INSERT INTO loam.view_version DEFAULT VALUES;

CREATE FUNCTION loam.view_changed() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
	UPDATE loam.view_version SET version = version + 1;
	PERFORM pg_catalog.pg_notify('loam_views', '');
	RETURN NULL;
END $$;
CREATE TRIGGER view_changed AFTER INSERT OR UPDATE OR DELETE ON loam.view
	FOR EACH STATEMENT EXECUTE FUNCTION loam.view_changed();

-- A view that is being filled beside the maintainer, and how far that is. A row is there until it is done.
CREATE TABLE loam.view_build (
	view_id integer PRIMARY KEY REFERENCES loam.view ON DELETE CASCADE,
	-- the holder that builds: the commit of any other fails
	epoch bigint NOT NULL,
	-- whether the view is read meanwhile as it was; its readers then fetch it again
	renew boolean NOT NULL DEFAULT false,
	phase text NOT NULL DEFAULT 'filling' CHECK (phase IN ('filling', 'catching up')),
	-- the keys after which filling goes on, by source table; NULL: in one piece
	place jsonb,
	rows_done bigint NOT NULL DEFAULT 0,
	rows_estimated bigint NOT NULL DEFAULT 0,
	started_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 20);

-- Keys that changed while a view was being filled, written with the batch that brought them.
CREATE TABLE loam.view_gathered (
	view_id integer NOT NULL,
	-- a source table; '*': more than can be listed
	source text NOT NULL,
	-- array of key tuples
	keys jsonb NOT NULL
);
CREATE INDEX view_gathered_view ON loam.view_gathered (view_id);

-- Stands where a view's own function stands in a batch, for a view that is being filled.
CREATE FUNCTION loam.gather(view integer, changed jsonb)
RETURNS TABLE (op integer, operation text, key text, old jsonb, new jsonb)
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
	INSERT INTO loam.view_gathered (view_id, source, keys) SELECT gather.view, c.key, c.value FROM jsonb_each(changed) c;
	RETURN;
END $$;

-- Takes out what was gathered by at most so many batches: the argument of the view's function.
CREATE FUNCTION loam.take_gathered(view integer, batches integer) RETURNS jsonb
LANGUAGE sql SET search_path = '' AS $$
	WITH taken AS (
		DELETE FROM loam.view_gathered
		 WHERE ctid IN (SELECT ctid FROM loam.view_gathered WHERE view_id = $1 LIMIT $2)
		RETURNING source, keys
	), listed AS (
		SELECT t.source, jsonb_agg(DISTINCT k.value) AS keys
		  FROM taken t CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(t.keys) WHEN 'array' THEN t.keys ELSE '[]' END) k
		 GROUP BY t.source
	)
	SELECT CASE WHEN EXISTS (SELECT FROM taken WHERE source = '*') THEN '{"*": "quiet"}'
	            ELSE (SELECT coalesce(jsonb_object_agg(source, keys), '{}') FROM listed) END
$$;

-- The journal holds every batch after this one. Raised before anything is dropped.
CREATE TABLE loam.journal_floor (
	singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
	seq bigint NOT NULL DEFAULT 0
);
INSERT INTO loam.journal_floor (seq)
SELECT coalesce(min(substr(c.relname, length('journal_') + 1)::bigint) - 1, 0)
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
 WHERE i.inhparent = 'loam.journal'::regclass;

-- Where the journal stood at some moments: what is older than a time.
CREATE TABLE loam.journal_mark (
	at timestamptz PRIMARY KEY,
	seq bigint NOT NULL
);
