import { signedIn } from '../session.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const principal = signedIn(event);
	event.depends('loam:account');
	const { identity } = event.locals.loam;
	const current = identity.sessionOf(principal)?.id;
	const sessions = await identity.sessions(principal);
	return {
		name: principal.name,
		email: principal.email ?? '',
		sessions: sessions.map((session) => ({ ...session, current: session.id === current }))
	};
};
