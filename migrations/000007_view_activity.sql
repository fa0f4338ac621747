-- What the maintainer did for each view lately, written every few seconds while there is something to tell, so
-- that every node can say it. Nothing depends on it, and a crash may lose it.
CREATE UNLOGGED TABLE loam.view_activity (
	view_id integer PRIMARY KEY,
	written_at timestamptz NOT NULL,
	-- in the minute before
	batches bigint NOT NULL,
	-- rows of tables that changed
	changes bigint NOT NULL,
	-- rows of the view that changed for them
	rows bigint NOT NULL,
	last_at timestamptz NOT NULL,
	-- of the last batch: from when its oldest change was received until it was in the views
	last_ms double precision NOT NULL
) WITH (fillfactor = 50);

-- How far the maintainer is behind, written when that changes.
CREATE UNLOGGED TABLE loam.view_lag (
	singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
	-- of the write-ahead log
	bytes bigint NOT NULL,
	-- since the oldest change was received that is not in the views
	ms double precision NOT NULL
) WITH (fillfactor = 20);
