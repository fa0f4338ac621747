-- Projects, and what a principal may do where.
CREATE TABLE loam.project (
	id uuid PRIMARY KEY DEFAULT uuidv7(),
	organization_id uuid NOT NULL REFERENCES loam.organization,
	slug text NOT NULL CHECK (slug ~ '^[a-z][a-z0-9-]{0,39}$'),
	name text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	UNIQUE (organization_id, slug)
);

CREATE TABLE loam.role_grant (
	id uuid PRIMARY KEY DEFAULT uuidv7(),
	principal_id uuid NOT NULL REFERENCES loam.person ON DELETE CASCADE,
	-- sys-admin, org-admin, project-admin, project-user, or module:role
	role text NOT NULL,
	organization_id uuid REFERENCES loam.organization ON DELETE CASCADE,
	project_id uuid REFERENCES loam.project ON DELETE CASCADE,
	granted_by uuid REFERENCES loam.person ON DELETE SET NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	UNIQUE NULLS NOT DISTINCT (principal_id, role, organization_id, project_id),
	CHECK (
		CASE role
			WHEN 'sys-admin' THEN organization_id IS NULL AND project_id IS NULL
			WHEN 'org-admin' THEN organization_id IS NOT NULL AND project_id IS NULL
			ELSE organization_id IS NULL AND project_id IS NOT NULL
		END
	)
);
CREATE INDEX role_grant_project ON loam.role_grant (project_id);

-- Raised in every transaction that changes a grant or ends a session; open streams compare it.
CREATE TABLE loam.grants_version (
	singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
	version bigint NOT NULL DEFAULT 0
);
INSERT INTO loam.grants_version DEFAULT VALUES;
