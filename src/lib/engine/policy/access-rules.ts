/** Who may do what. What is not listed is for project-admins alone. */
export interface Access {
	readonly views: Readonly<Record<string, ViewAccess>>;
	readonly commands: Readonly<Record<string, readonly AccessRule[]>>;
}

export interface ViewAccess {
	/** A row is visible where any rule's role is held and its `where` holds. */
	readonly read: readonly AccessRule[];
	/** Columns that only these roles may read; a column not listed is readable with the row. */
	readonly columns: Readonly<Record<string, readonly string[]>>;
}

/**
 * In module.json either a role's name, or `{"roles": [...], "where": "assignee = principal()"}`. Roles:
 * `project-user`, `project-admin`, or one of the module's own; of a view also `anyone`, who need not be
 * signed in. For a standard method `where` is over the
 * table's columns.
 */
export interface AccessRule {
	readonly roles: readonly string[];
	readonly where?: string;
}
