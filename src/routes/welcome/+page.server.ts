import { enter } from '../entry.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, url }) => ({
	good: await locals.loam.identity.isWelcomeTokenGood(url.searchParams.get('token') ?? '')
});

export const actions: Actions = {
	default: (event) =>
		enter(
			event,
			(given, origin) => {
				const token = event.url.searchParams.get('token') ?? '';
				return event.locals.loam.identity.createFirstAdmin(token, given, origin);
			},
			'/'
		)
};
