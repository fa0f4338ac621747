import { redirect } from '@sveltejs/kit';
import { firstProject } from './project.ts';
import type { PageServerLoad } from './$types';

/** The way in: to the first project in which the person has a role. */
export const load: PageServerLoad = async (event) => {
	const first = await firstProject(event);
	if (first) redirect(303, first);
};
