import { fail, redirect, type RequestEvent } from '@sveltejs/kit';
import { AppError } from '#kernel';
import { originOf, setCookies } from './session.ts';

interface Fields {
	readonly name: string;
	readonly email: string;
	readonly password: string;
}
interface Session {
	readonly cookies: readonly string[];
}

/**
 * Answers the form of an EntryScreen: opens a session and leads on, or says what to do, with what was
 * typed except the password.
 */
export async function enter(
	event: RequestEvent,
	open: (given: Fields, origin: ReturnType<typeof originOf>) => Promise<Session>,
	to: string
) {
	const form = await event.request.formData();
	const text = (name: string) => String(form.get(name) ?? '');
	const given = { name: text('name'), email: text('email') };
	try {
		const { cookies } = await open({ ...given, password: text('password') }, originOf(event));
		setCookies(event.cookies, cookies);
	} catch (error) {
		if (!(error instanceof AppError)) throw error;
		return fail(400, { ...given, message: error.message });
	}
	redirect(303, to);
}
