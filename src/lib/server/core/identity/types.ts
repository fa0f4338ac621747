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
