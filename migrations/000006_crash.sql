-- An unlogged table is empty after a crash of PostgreSQL: then a batch may be undone that readers know.
CREATE UNLOGGED TABLE loam.uncrashed (
	singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton)
);
INSERT INTO loam.uncrashed DEFAULT VALUES;
