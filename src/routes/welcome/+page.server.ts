import { fail, redirect } from '@sveltejs/kit';
import { originOf, setCookies } from '../session.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, url }) => ({
	good: await locals.loam.identity.isWelcomeTokenGood(url.searchParams.get('token') ?? '')
});

export const actions: Actions = {
	async default(event) {
		const form = await event.request.formData();
		const text = (name: string) => String(form.get(name) ?? '');
		const given = { name: text('name'), email: text('email'), password: text('password') };
		try {
			const token = event.url.searchParams.get('token') ?? '';
			const { cookies } = await event.locals.loam.identity.createFirstAdmin(token, given, originOf(event));
			setCookies(event.cookies, cookies);
		} catch (error) {
			if (!(error instanceof Error && 'reason' in error)) throw error;
			return fail(400, { name: given.name, email: given.email, message: error.message });
		}
		redirect(303, '/');
	}
};
