import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLoam, type RunningLoam } from '#support/loam';

/** Loam as a reverse proxy speaks to it: TLS ends there, and it says who the visitor is. */
let loam: RunningLoam;
const origin = 'https://loam.example.org';
const visitor = '203.0.113.7';

beforeAll(async () => {
	loam = await startLoam({ LOAM_TRUSTED_PROXY: '127.0.0.1, ::1', ORIGIN: origin });
});
afterAll(() => loam?.stop());

function signIn(password: string, from: string) {
	return fetch(`${loam.url}/sign-in?to=/account`, {
		method: 'POST',
		redirect: 'manual',
		headers: { origin, 'x-forwarded-for': from, accept: 'text/html' },
		body: new URLSearchParams({ email: loam.admin.email, password })
	});
}

test('a form of the public address signs in, its cookie is for https, the session knows the visitor', async () => {
	const answer = await signIn(loam.admin.password, `10.1.2.3, ${visitor}`);
	expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account']);
	const [cookie = ''] = answer.headers.getSetCookie();
	expect(cookie).toMatch(/^__Secure-loam\.session_token=.*;\s*Secure/i);
	const account = await fetch(`${loam.url}/account`, { headers: { cookie: cookie.split(';')[0]! } });
	const html = await account.text();
	expect(html).toContain(visitor);
	expect(html).not.toContain('10.1.2.3');
});

test('who tries too often is kept out, and others are not', async () => {
	const words = async (from: string) => (await signIn('wrong password', from)).text();
	for (let i = 0; i < 8; i++) expect(await words(visitor)).toContain('the password is wrong');
	expect(await words(visitor)).toContain('Too many sign-ins failed');
	expect(await words('203.0.113.8')).toContain('the password is wrong');
});
