import type { DescMethodUnary, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { isProjectAdmin } from '#engine/policy';
import type { Principal, Roles } from '#core/identity';
import type { Project, Tenancy } from '#core/tenancy';
import { errors } from '../errors.ts';

/** A service as functions of a request and who calls; the API's router registers them. */
export type ServiceOf<S extends DescService> = {
	readonly [K in keyof S['method']]: S['method'][K] extends DescMethodUnary<infer I, infer O>
		? (request: MessageShape<I>, principal: Principal) => Promise<MessageInitShape<O>>
		: never;
};

export interface Doorkeeper {
	readonly tenancy: Tenancy;
	/** Of core/identity. */
	readonly rolesIn: (principal: Principal, project: Project) => Roles;
}

/** The project of a path, for those who administer it. Throws PROJECT_PATH, PROJECT_UNKNOWN, PROJECT_ADMIN_NEEDED. */
export async function administered(door: Doorkeeper, principal: Principal, path: string): Promise<Project> {
	const [organization, slug, rest] = path.split('/');
	if (!organization || !slug || rest !== undefined) {
		throw errors.PROJECT_PATH(`"${path}" is no project. Write it as organization/project, e.g. home/main.`, {
			project: path
		});
	}
	return mayAdminister(door, principal, await door.tenancy.project(organization, slug), path);
}

export async function administeredById(door: Doorkeeper, principal: Principal, id: string): Promise<Project> {
	return mayAdminister(door, principal, await door.tenancy.projectById(id), id);
}

function mayAdminister(
	door: Doorkeeper,
	principal: Principal,
	project: Project | undefined,
	name: string
): Project {
	const roles = project && door.rolesIn(principal, project);
	// Who has no role in a project is not told that it exists.
	if (!project || !roles || roles.size === 0) {
		throw errors.PROJECT_UNKNOWN(`There is no project "${name}" for you.`, { project: name });
	}
	if (isProjectAdmin(roles)) return project;
	throw errors.PROJECT_ADMIN_NEEDED(
		'Only admins of the project build and install modules. Ask one of them.',
		{
			project: project.path
		}
	);
}
