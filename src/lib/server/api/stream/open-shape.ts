import { AppError } from '#kernel';
import type { ShapeDefinition } from '#engine/shape';
import type { Live, ResolvedShape } from '#core/live';
import type { Tenancy } from '#core/tenancy';
import type { Caller, Callers } from './caller.ts';
import { errors } from './errors.ts';

export interface ShapeSources {
	readonly live: Live;
	readonly tenancy: Pick<Tenancy, 'project' | 'installation' | 'onChange'>;
	readonly identity: Callers;
}

/**
 * The shape that this caller gets for a definition. Throws the errors of core/live, and MODULE_UNKNOWN,
 * PROJECT_FORBIDDEN; SIGN_IN_NEEDED in place of any refusal where nobody is signed in.
 */
export async function openShape(
	sources: ShapeSources,
	definition: ShapeDefinition,
	caller: Caller
): Promise<ResolvedShape> {
	try {
		return await resolveFor(sources, definition, caller);
	} catch (error) {
		const refused = error instanceof AppError && error.code === 'permission_denied';
		if (!refused || caller.principal) throw error;
		throw errors.SIGN_IN_NEEDED('Sign in to read this.', {}, error);
	}
}

async function resolveFor(
	{ live, tenancy, identity }: ShapeSources,
	definition: ShapeDefinition,
	caller: Caller
): Promise<ResolvedShape> {
	const [org, slug] = definition.project.split('/') as [string, string];
	const project = await tenancy.project(org, slug);
	// Who has no role in a project is told the same as where there is none, whatever was asked of it: but
	// for what is open to anyone.
	const stranger = () =>
		errors.PROJECT_FORBIDDEN(
			`There is no project "${definition.project}", or you have no role in it. Ask one of its admins to add you.`
		);
	if (!project) throw stranger();
	const roles = identity.rolesIn(caller.principal, project);
	const installation = await tenancy.installation(project.id, definition.module);
	if (!installation) {
		if (roles.size === 0) throw stranger();
		throw errors.MODULE_UNKNOWN(
			`There is no module "${definition.module}" in ${definition.project}. Install it first.`,
			{ field: 'table' }
		);
	}
	const name = nameOf(definition);
	const known = caller.opened(name);
	// Installations are made anew whenever anything about them changes.
	if (known?.installation === installation && live.isCurrent(known)) return known;
	const resolve = () =>
		live.resolve({
			installation,
			release: definition.release,
			view: definition.view,
			roles,
			principal: caller.principal?.id,
			where: definition.where,
			params: definition.params,
			columns: definition.columns,
			replica: definition.replica
		});
	try {
		const shape = resolve();
		caller.remember(name, shape);
		return shape;
	} catch (error) {
		const tells = error instanceof AppError && tellsOfAccess.has(error.reason);
		throw tells && roles.size === 0 ? stranger() : error;
	}
}

/** Errors from before it is known that the caller may read the view. */
const tellsOfAccess: ReadonlySet<string> = new Set(['RELEASE_UNKNOWN', 'VIEW_UNKNOWN', 'VIEW_FORBIDDEN']);

function nameOf(definition: ShapeDefinition): string {
	const { project, module, view, release, where, params, columns, replica } = definition;
	return JSON.stringify([project, module, view, release, where, params, columns, replica]);
}
