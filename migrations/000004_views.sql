-- Maintained views, the journal of their changes, and the position up to which both hold.
CREATE TABLE loam.view (
	id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
	installation_id uuid NOT NULL REFERENCES loam.installation ON DELETE CASCADE,
	hash text NOT NULL,
	-- ViewSpec of engine/view
	spec jsonb NOT NULL,
	-- building, ready, failed
	state text NOT NULL DEFAULT 'building' CHECK (state IN ('building', 'ready', 'failed')),
	generation integer NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT now(),
	UNIQUE (installation_id, hash)
);

-- One row. Only the holder of the lease writes it, in the transaction that writes the journal.
CREATE TABLE loam.position (
	singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
	-- what the last batch saw; NULL before the first
	snapshot pg_snapshot,
	seq bigint NOT NULL DEFAULT 0,
	epoch bigint NOT NULL DEFAULT 0
);
INSERT INTO loam.position DEFAULT VALUES;

CREATE TABLE loam.journal (
	seq bigint NOT NULL,
	op integer NOT NULL,
	view_id integer NOT NULL,
	operation "char" NOT NULL CHECK (operation IN ('i', 'u', 'd')),
	key text NOT NULL,
	old jsonb,
	new jsonb,
	txids bigint[] NOT NULL,
	PRIMARY KEY (seq, op)
) PARTITION BY RANGE (seq);
CREATE INDEX journal_view_seq ON loam.journal (view_id, seq, op);
CREATE TABLE loam.journal_default PARTITION OF loam.journal DEFAULT;
