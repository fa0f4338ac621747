import { error, redirect } from '@sveltejs/kit';
import { firstProject } from '../project.ts';
import type { PageServerLoad } from './$types';

/** Where an address was cut off after the organization. */
export const load: PageServerLoad = async (event) => {
	const first = await firstProject(event, event.params.org);
	if (first) redirect(303, first);
	error(404);
};
