CREATE TABLE projects (
	id uuid PRIMARY KEY DEFAULT uuidv7(),
	name text NOT NULL CHECK (name <> '' AND length(name) <= 80),
	code text NOT NULL UNIQUE CHECK (code <> '' AND length(code) <= 8),
	description text NOT NULL DEFAULT ''
);

CREATE TABLE tickets (
	id uuid PRIMARY KEY DEFAULT uuidv7(),
	project_id uuid NOT NULL REFERENCES projects (id),
	number integer NOT NULL,
	title text NOT NULL CHECK (title <> '' AND length(title) <= 200),
	description text NOT NULL DEFAULT '',
	status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'in_progress', 'done')),
	priority text NOT NULL DEFAULT 'normal' CHECK (priority IN ('normal', 'low', 'high', 'urgent')),
	points integer NOT NULL DEFAULT 0 CHECK (points >= 0),
	assignee_id uuid,
	reporter_id uuid,
	opened_at timestamptz NOT NULL DEFAULT now(),
	done_at timestamptz,
	UNIQUE (project_id, number)
);
CREATE INDEX tickets_assignee ON tickets (assignee_id);

CREATE TABLE comments (
	id uuid PRIMARY KEY DEFAULT uuidv7(),
	ticket_id uuid NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
	author_id uuid NOT NULL,
	body text NOT NULL CHECK (body <> '' AND length(body) <= 10000),
	written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX comments_ticket ON comments (ticket_id);
CREATE INDEX comments_author ON comments (author_id);
