import { redirect } from '@sveltejs/kit';
import { setCookies } from '../session.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = async ({ locals, cookies }) => {
	if (locals.principal) setCookies(cookies, await locals.loam.identity.signOut(locals.principal));
	redirect(303, '/sign-in');
};
