import { redirect } from '@sveltejs/kit';
import { enter } from '../entry.ts';
import { localPath } from '../session.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, url }) => {
	if (locals.principal) redirect(303, localPath(url.searchParams.get('to')));
	return { hasAdmin: await locals.loam.identity.hasAdmin() };
};

export const actions: Actions = {
	default: (event) =>
		enter(
			event,
			({ email, password }, origin) => event.locals.loam.identity.signIn({ email, password }, origin),
			localPath(event.url.searchParams.get('to'))
		)
};
