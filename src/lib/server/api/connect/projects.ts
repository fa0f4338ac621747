import type { Identity, Principal, Roles } from '#core/identity';
import type { Project, Tenancy } from '#core/tenancy';
import { errors } from './errors.ts';

export interface Access {
	readonly project: Project;
	readonly roles: Roles;
}

/**
 * The project of `org/project`, for those with any role in it. Whoever has none is told the same as where
 * there is no such project, at every door. Throws PROJECT_MISSING, PROJECT_UNKNOWN.
 */
export async function enterProject(
	{ tenancy, identity }: { tenancy: Tenancy; identity: Identity },
	principal: Principal,
	path: string | undefined
): Promise<Access> {
	const [, org, slug] = /^([a-z0-9-]+)\/([a-z0-9-]+)$/.exec(path ?? '') ?? [];
	if (!path) throw errors.PROJECT_MISSING('Say which project: org/project, for example home/main.');
	const project = org && slug ? await tenancy.project(org, slug) : undefined;
	const roles = project && identity.rolesIn(principal, project);
	if (project && roles && roles.size > 0) return { project, roles };
	const name = path.slice(0, 100);
	throw errors.PROJECT_UNKNOWN(
		`There is no project "${name}", or you have no role in it. Write org/project, for example home/main.`,
		{ project: name }
	);
}

/** The same for its admins alone. Throws PROJECT_DENIED beside. */
export async function administerProject(
	services: { tenancy: Tenancy; identity: Identity },
	principal: Principal,
	path: string | undefined
): Promise<Access> {
	const access = await enterProject(services, principal, path);
	if (access.roles.has('project-admin')) return access;
	throw errors.PROJECT_DENIED(`Only an admin of ${access.project.path} can do that.`, {
		project: access.project.path
	});
}
