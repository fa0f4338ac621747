/** Who acts, in one project (or outside any). Made anew for every request; never kept across two. */
export interface Principal {
	/** The person's id; undefined for an anonymous visitor. */
	readonly id: string | undefined;
	readonly name: string;
	readonly email: string | undefined;
	readonly sysAdmin: boolean;
	/** Version of the grants that were read; a stream checks it before each write. */
	readonly grantsVersion: bigint;
}

/**
 * What a principal may be in one project: `project-user`, `project-admin`, `org-admin`, `sys-admin`,
 * and `module:role`. The wider roles imply the narrower of the four.
 */
export type Roles = ReadonlySet<string>;

/** A role somewhere: `sys-admin` everywhere, `org-admin` in an organization, any other in a project. */
export interface Grant {
	readonly role: string;
	readonly organization: string | undefined;
	readonly project: string | undefined;
}

/** Where a call comes from: what a session remembers and the rate limit counts. */
export interface Origin {
	/** IP address of the other end. */
	readonly address: string;
	readonly userAgent: string;
}

export interface Session {
	readonly id: string;
	readonly createdAt: Date;
	readonly expiresAt: Date;
	readonly userAgent: string;
	readonly address: string;
}

export interface SignedIn {
	/** For `Authorization: Bearer`. */
	readonly token: string;
	/** Values of Set-Cookie. */
	readonly cookies: readonly string[];
	readonly person: Person;
}

export interface Person {
	readonly id: string;
	readonly name: string;
	readonly email: string;
	readonly picture: string | undefined;
}

/** A person who may do something in a project. */
export interface Member extends Person {
	/** Roles granted in the project itself, by name. */
	readonly roles: readonly string[];
	/** `sys-admin`, `org-admin`: granted elsewhere, and counting here. */
	readonly inherited: readonly string[];
}

/** A role that can be granted in a project. */
export interface AssignableRole {
	readonly role: string;
	readonly title: string;
	/** Title of the module that names it. */
	readonly module: string | undefined;
}
