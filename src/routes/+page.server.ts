import { redirect } from '@sveltejs/kit';
import { signedIn } from './session.ts';
import type { PageServerLoad } from './$types';

/** The way in: to the first project in which the person has a role. */
export const load: PageServerLoad = async (event) => {
	const principal = signedIn(event);
	const { tenancy, identity } = event.locals.loam;
	const projects = await tenancy.projects();
	const first = projects.find((project) => identity.rolesIn(principal, project).size > 0);
	if (first) redirect(303, `/${first.path}`);
};
