import { fail, redirect } from '@sveltejs/kit';
import { localPath, originOf, setCookies } from '../session.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = ({ locals, url }) => {
	if (locals.principal) redirect(303, localPath(url.searchParams.get('to')));
};

export const actions: Actions = {
	async default(event) {
		const form = await event.request.formData();
		const email = String(form.get('email') ?? '');
		const password = String(form.get('password') ?? '');
		try {
			const { cookies } = await event.locals.loam.identity.signIn({ email, password }, originOf(event));
			setCookies(event.cookies, cookies);
		} catch (error) {
			return fail(400, { email, message: messageOf(error) });
		}
		redirect(303, localPath(event.url.searchParams.get('to')));
	}
};

/** What a person may read; anything but an expected failure is a bug, and thrown on. */
function messageOf(error: unknown): string {
	if (error instanceof Error && 'reason' in error) return error.message;
	throw error;
}
