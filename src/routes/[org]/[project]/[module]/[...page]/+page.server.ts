import { error } from '@sveltejs/kit';
import type { AppError } from '#kernel';
import { crossPacked } from '#engine/card';
import { localeOf } from '../../../../locale.ts';
import { asScreen } from '../../../../screen-errors.ts';
import { signedIn } from '../../../../session.ts';
import type { PageServerLoad } from './$types';

/** A page of an installed module, with its rows as the viewer may see them. */
export const load: PageServerLoad = async (event) => {
	const principal = signedIn(event);
	const { params, url } = event;
	event.depends('loam:page');
	const { tenancy, identity, pages } = event.locals.loam;
	const project = await tenancy.project(params.org, params.project);
	const roles = project && identity.rolesIn(principal, project);
	if (!project || !roles || roles.size === 0) {
		error(404, {
			message: 'There is no such project, or you have no role in it.',
			reason: 'PROJECT_UNKNOWN'
		});
	}
	const installation = await tenancy.installation(project.id, params.module);
	if (!installation) {
		error(404, {
			message: `${project.name} has no module "${params.module}".`,
			reason: 'MODULE_UNKNOWN',
			hint: roles.has('project-admin')
				? 'You can build it, or install it, from the project’s home.'
				: 'An admin of the project can install it.'
		});
	}
	const segments = params.page.split('/').filter((segment) => segment !== '');
	const query = Object.fromEntries(url.searchParams);
	const loaded = await asScreen(
		() => pages.load({ installation, segments, query, principal, roles, locale: localeOf(event) }),
		async (failure: AppError) =>
			failure.code === 'permission_denied' ? whomToAsk(await identity.members(project)) : undefined
	);
	return { page: crossPacked(loaded) };
};

const mostNames = 3;

function whomToAsk(
	members: readonly { readonly name: string; readonly roles: readonly string[] }[]
): string | undefined {
	const admins = members
		.filter((member) => member.roles.includes('project-admin'))
		.map((member) => member.name);
	return admins.length > 0 ? `Admins of this project: ${admins.slice(0, mostNames).join(', ')}.` : undefined;
}
