-- People, their sessions and organizations: better-auth's tables, in snake_case.
CREATE TABLE loam.person (
	id uuid PRIMARY KEY,
	name text NOT NULL,
	email text NOT NULL UNIQUE CHECK (email = lower(email)),
	email_verified boolean NOT NULL DEFAULT false,
	image text,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE loam.session (
	id uuid PRIMARY KEY,
	user_id uuid NOT NULL REFERENCES loam.person ON DELETE CASCADE,
	-- SHA-256 of what the browser holds
	token text NOT NULL UNIQUE,
	expires_at timestamptz NOT NULL,
	ip_address text,
	user_agent text,
	active_organization_id uuid,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX session_user_id ON loam.session (user_id);
CREATE INDEX session_expires_at ON loam.session (expires_at);

CREATE TABLE loam.account (
	id uuid PRIMARY KEY,
	account_id text NOT NULL,
	provider_id text NOT NULL,
	user_id uuid NOT NULL REFERENCES loam.person ON DELETE CASCADE,
	access_token text,
	refresh_token text,
	id_token text,
	access_token_expires_at timestamptz,
	refresh_token_expires_at timestamptz,
	scope text,
	password text,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	UNIQUE (provider_id, account_id)
);
CREATE INDEX account_user_id ON loam.account (user_id);

CREATE TABLE loam.verification (
	id uuid PRIMARY KEY,
	identifier text NOT NULL,
	value text NOT NULL,
	expires_at timestamptz NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX verification_identifier ON loam.verification (identifier);

CREATE TABLE loam.organization (
	id uuid PRIMARY KEY,
	name text NOT NULL,
	slug text NOT NULL UNIQUE,
	logo text,
	metadata text,
	created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE loam.member (
	id uuid PRIMARY KEY,
	organization_id uuid NOT NULL REFERENCES loam.organization ON DELETE CASCADE,
	user_id uuid NOT NULL REFERENCES loam.person ON DELETE CASCADE,
	role text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	UNIQUE (organization_id, user_id)
);
CREATE INDEX member_user_id ON loam.member (user_id);

CREATE TABLE loam.invitation (
	id uuid PRIMARY KEY,
	organization_id uuid NOT NULL REFERENCES loam.organization ON DELETE CASCADE,
	email text NOT NULL,
	role text,
	status text NOT NULL,
	expires_at timestamptz NOT NULL,
	inviter_id uuid NOT NULL REFERENCES loam.person ON DELETE CASCADE,
	created_at timestamptz NOT NULL DEFAULT now()
);

-- Signs the session cookie; made at the first start.
CREATE TABLE loam.identity_key (
	singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
	secret text NOT NULL
);

-- A link that works once: the first administrator's.
CREATE TABLE loam.one_time_link (
	-- SHA-256 of what the link holds
	token text PRIMARY KEY,
	purpose text NOT NULL,
	expires_at timestamptz NOT NULL
);

-- Sign-ins that were tried, by address, by account, and by both; a crash may forget them.
CREATE UNLOGGED TABLE loam.sign_in_attempt (
	key text PRIMARY KEY,
	attempts integer NOT NULL,
	expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_attempt_expires_at ON loam.sign_in_attempt (expires_at);
