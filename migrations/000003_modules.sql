-- Modules, their drafts, their immutable releases, and their installations in projects.
CREATE TABLE loam.module (
	id uuid PRIMARY KEY DEFAULT uuidv7(),
	-- the owning project; NULL: shipped with Loam
	project_id uuid REFERENCES loam.project,
	name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]{0,39}$'),
	created_at timestamptz NOT NULL DEFAULT now(),
	UNIQUE NULLS NOT DISTINCT (project_id, name)
);

CREATE TABLE loam.release (
	id uuid PRIMARY KEY DEFAULT uuidv7(),
	module_id uuid NOT NULL REFERENCES loam.module,
	-- SHA-256 of the files, hex
	hash text NOT NULL,
	version text NOT NULL,
	-- path -> text
	files jsonb NOT NULL,
	-- ReleaseArtifact of engine/module
	artifact jsonb NOT NULL,
	-- FileDescriptorSet with all imports
	descriptor bytea NOT NULL,
	created_by uuid REFERENCES loam.person ON DELETE SET NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	UNIQUE (module_id, hash)
);

CREATE TABLE loam.draft (
	id uuid PRIMARY KEY DEFAULT uuidv7(),
	module_id uuid NOT NULL UNIQUE REFERENCES loam.module,
	project_id uuid NOT NULL REFERENCES loam.project,
	revision bigint NOT NULL DEFAULT 1,
	base_release_id uuid REFERENCES loam.release,
	created_by uuid REFERENCES loam.person ON DELETE SET NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE loam.draft_file (
	draft_id uuid NOT NULL REFERENCES loam.draft ON DELETE CASCADE,
	path text NOT NULL,
	content text NOT NULL,
	-- of the draft, when this file was last written
	revision bigint NOT NULL,
	PRIMARY KEY (draft_id, path)
);

CREATE TABLE loam.installation (
	id uuid PRIMARY KEY DEFAULT uuidv7(),
	-- names the schemas i<number> and i<number>_v and the roles
	number integer GENERATED ALWAYS AS IDENTITY UNIQUE,
	project_id uuid NOT NULL REFERENCES loam.project,
	module_id uuid NOT NULL REFERENCES loam.module,
	-- the module's name, the URL segment
	name text NOT NULL,
	-- NULL until the first release is in place
	release_id uuid REFERENCES loam.release,
	previous_release_id uuid REFERENCES loam.release,
	-- uninstalling keeps the data
	active boolean NOT NULL DEFAULT true,
	settings jsonb NOT NULL DEFAULT '{}',
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	UNIQUE (project_id, name)
);

-- What an installation has run of its module's migrations. Written after the owner's commit; the
-- installation's own schema has the record that commits with the DDL.
