import { error } from '@sveltejs/kit';
import type { AppError } from '#kernel';
import { crossPacked } from '#engine/card';
import { localeOf } from '../../../../locale.ts';
import { enteredProject } from '../../../../project.ts';
import { asScreen } from '../../../../screen-errors.ts';
import type { PageServerLoad } from './$types';

/** A page of an installed module, with its rows as the viewer may see them. */
export const load: PageServerLoad = async (event) => {
	event.depends('loam:page');
	const { principal, project, roles } = await enteredProject(event);
	const { params, url } = event;
	const { tenancy, identity, pages } = event.locals.loam;
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
