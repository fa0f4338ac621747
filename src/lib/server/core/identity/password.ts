import { hashPassword as hash, verifyPassword as verify } from 'better-auth/crypto';
import { errors } from './errors.ts';

export const passwordLength = { least: 8, most: 128 };

/** scrypt takes 16 MB and a core for a third of a second: so many at once, and so many that wait. */
const atOnce = 2;
const mostWaiting = 40;
let running = 0;
const waiting: (() => void)[] = [];

export function hashPassword(password: string): Promise<string> {
	return inTurn(() => hash(password));
}

export function verifyPassword(given: { hash: string; password: string }): Promise<boolean> {
	return inTurn(() => verify(given));
}

/** Throws PASSWORD_INVALID. */
export function checkPassword(password: string): void {
	const { least, most } = passwordLength;
	if (password.length >= least && password.length <= most) return;
	throw errors.PASSWORD_INVALID(`A password has ${least} to ${most} characters.`, { least, most });
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
	if (running >= atOnce) await turn();
	else running++;
	try {
		return await work();
	} finally {
		const next = waiting.shift();
		if (next) next();
		else running--;
	}
}

/** Resolves when another has ended and left its place. */
function turn(): Promise<void> {
	if (waiting.length < mostWaiting) return new Promise((resolve) => waiting.push(resolve));
	throw errors.PASSWORDS_BUSY('Too many people are signing in at this moment. Try again in a few seconds.');
}
