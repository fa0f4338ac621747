import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { errors } from './errors.ts';
import { checkPassword } from './password.ts';

/** The check that better-auth makes at sign-in: who is added must be able to sign in. */
const signInTakes = z.email();

/** What a person is asked for who is added. */
export interface PersonInput {
	readonly name: string;
	readonly email: string;
	/** Absent: one is made, and told once. */
	readonly password?: string | undefined;
}

export type CheckedPerson = { readonly [K in keyof PersonInput]-?: string };

/** Throws NAME_INVALID, EMAIL_INVALID, PASSWORD_INVALID. */
export function checkPerson({ name, email, password = newPassword() }: PersonInput): CheckedPerson {
	checkPassword(password);
	return { name: normaliseName(name), email: normaliseEmail(email), password };
}

/** In lower case and without space around it. Throws EMAIL_INVALID. */
export function normaliseEmail(text: string): string {
	const email = text.trim().toLowerCase();
	if (email.length <= 254 && signInTakes.safeParse(email).success) return email;
	throw errors.EMAIL_INVALID('Give an e-mail address like ada@example.org.', { field: 'email' });
}

/** Throws NAME_INVALID. */
export function normaliseName(text: string): string {
	const name = text.trim().replace(/\s+/g, ' ');
	if (name.length >= 1 && name.length <= 120 && !/\p{Cc}/u.test(name)) return name;
	throw errors.NAME_INVALID('A name has 1 to 120 characters.', { field: 'name' });
}

/** Easy to read out: no letters that look alike. 95 bits. */
export function newPassword(): string {
	const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
	const text = Array.from(randomBytes(19), (byte) => letters[byte % letters.length]).join('');
	return text.replace(/(.{5})(?=.)/g, '$1-');
}
