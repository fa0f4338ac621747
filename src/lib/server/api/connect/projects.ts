import type { Identity, Principal, Roles } from '#core/identity';
import type { Project, Tenancy } from '#core/tenancy';
import { errors } from './errors.ts';

export interface Access {
	readonly project: Project;
	readonly roles: Roles;
}

/** The project of `org/project`. Throws PROJECT_MISSING, PROJECT_UNKNOWN. */
export async function findProject(tenancy: Tenancy, path: string | undefined): Promise<Project> {
	const [, org, slug] = /^([a-z0-9-]+)\/([a-z0-9-]+)$/.exec(path ?? '') ?? [];
	if (!path) throw errors.PROJECT_MISSING('Say which project: org/project, for example home/main.');
	const project = org && slug ? await tenancy.project(org, slug) : undefined;
	if (project) return project;
	throw errors.PROJECT_UNKNOWN(
		`There is no project "${path.slice(0, 100)}". Write org/project, for example home/main.`,
		{
			project: path.slice(0, 100)
		}
	);
}

/** A project in which the principal has any role. Throws PROJECT_MISSING, PROJECT_UNKNOWN, PROJECT_DENIED. */
export async function enterProject(
	{ tenancy, identity }: { tenancy: Tenancy; identity: Identity },
	principal: Principal,
	path: string | undefined
): Promise<Access> {
	const project = await findProject(tenancy, path);
	const roles = identity.rolesIn(principal, project);
	if (roles.size > 0) return { project, roles };
	throw errors.PROJECT_DENIED(`You have no role in ${project.path}. Ask one of its admins to add you.`, {
		project: project.path
	});
}

/** The same for its admins alone. */
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
