/** The built-in roles, the widest first; each implies those after it. */
export const builtInRoles = ['sys-admin', 'org-admin', 'project-admin', 'project-user'] as const;
export type BuiltInRole = (typeof builtInRoles)[number];

/** In a view's `read`: whoever asks, signed in or not. Nobody is granted it. */
export const anyone = 'anyone';

export function isBuiltInRole(role: string): role is BuiltInRole {
	return (builtInRoles as readonly string[]).includes(role);
}

/** The roles with all that they imply. A module's role implies nothing. */
export function withImplied(granted: Iterable<string>): Set<string> {
	const roles = new Set(granted);
	const widest = builtInRoles.findIndex((role) => roles.has(role));
	if (widest >= 0) for (const role of builtInRoles.slice(widest)) roles.add(role);
	return roles;
}

/** The full name of a role as a manifest writes it: `agent` of `tickets` is `tickets:agent`. */
export function qualifiedRole(module: string, role: string): string {
	return isBuiltInRole(role) || role.includes(':') ? role : `${module}:${role}`;
}

/** May do everything in the project. */
export function isProjectAdmin(roles: ReadonlySet<string>): boolean {
	return roles.has('project-admin') || roles.has('org-admin') || roles.has('sys-admin');
}

/** Whether any of a rule's roles, as the manifest writes them, is held. */
export function holdsAny(module: string, wanted: readonly string[], held: ReadonlySet<string>): boolean {
	return isProjectAdmin(held) || wanted.some((role) => held.has(qualifiedRole(module, role)));
}
