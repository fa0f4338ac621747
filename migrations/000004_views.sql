-- Maintained views, the journal of their changes, and the position up to which both hold.
CREATE TABLE loam.view (
	id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
	installation_id uuid NOT NULL REFERENCES loam.installation ON DELETE CASCADE,
	hash text NOT NULL,
	-- ViewSpec of engine/view
	spec jsonb NOT NULL,
	state text NOT NULL DEFAULT 'building' CHECK (state IN ('building', 'ready', 'failed')),
	-- why it failed, for operators
	error text,
	generation integer NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT now(),
	UNIQUE (installation_id, hash)
);

-- Who maintains views. The holder also has an advisory lock on its connection, so that a node that
-- died is replaced at once, and one that hangs when its time is up.
CREATE TABLE loam.lease (
	name text PRIMARY KEY,
	epoch bigint NOT NULL,
	expires_at timestamptz NOT NULL
) WITH (fillfactor = 20);
INSERT INTO loam.lease (name, epoch, expires_at) VALUES ('views', 0, '-infinity');

-- One row, written in the transaction that writes the journal.
CREATE TABLE loam.position (
	singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
	-- what the last batch saw; NULL: nothing is known to hold, so everything is rebuilt
	snapshot pg_snapshot,
	seq bigint NOT NULL DEFAULT 0,
	-- raised by each takeover
	epoch bigint NOT NULL DEFAULT 0,
	-- set to "the writer's epoch is this one" by each write: a former holder's commit fails here
	held boolean NOT NULL DEFAULT true CONSTRAINT position_held CHECK (held)
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);
INSERT INTO loam.position DEFAULT VALUES;

-- Batches are numbered without gaps. Partitions are made ahead by the maintainer.
CREATE TABLE loam.journal (
	seq bigint NOT NULL,
	op integer NOT NULL,
	view_id integer NOT NULL,
	operation "char" NOT NULL CHECK (operation IN ('i', 'u', 'd')),
	key text NOT NULL,
	old jsonb,
	new jsonb,
	-- source transactions of the batch for this view: in the view's first row of the batch
	txids bigint[],
	PRIMARY KEY (seq, op)
) PARTITION BY RANGE (seq);
CREATE INDEX journal_view_seq ON loam.journal (view_id, seq, op);
CREATE TABLE loam.journal_1 PARTITION OF loam.journal FOR VALUES FROM (1) TO (100001);
