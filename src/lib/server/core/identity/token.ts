import { createHash, randomBytes } from 'node:crypto';

/** The session cookie's name; over https browsers want the prefix that `__Secure-` is. */
export const cookieName = 'loam.session_token';

/** What the database keeps of a token: who reads the table can't sign in with it. */
export function hashToken(token: string): string {
	return createHash('sha256').update(token).digest('hex');
}

export function newToken(): string {
	return randomBytes(32).toString('base64url');
}

/** Headers of a request, Node's or the web's. */
export type RequestHeaders = Headers | Readonly<Record<string, string | string[] | undefined>>;

export type Credential = { readonly token: string; readonly kind: 'bearer' | 'cookie' };

/**
 * The session's token: of `Authorization: Bearer`, otherwise of the cookie. The cookie's signature isn't
 * checked: the token itself is the secret, and only its hash is looked up.
 */
export function credentialOf(headers: RequestHeaders): Credential | undefined {
	const bearer = /^Bearer +([^\s]{1,512})$/i.exec(header(headers, 'authorization') ?? '');
	if (bearer) return { token: withoutSignature(bearer[1]!), kind: 'bearer' };
	const cookie = cookieOf(header(headers, 'cookie') ?? '');
	return cookie === undefined ? undefined : { token: withoutSignature(cookie), kind: 'cookie' };
}

export function header(headers: RequestHeaders, name: string): string | undefined {
	if (headers instanceof Headers) return headers.get(name) ?? undefined;
	const value = (headers as Readonly<Record<string, string | string[] | undefined>>)[name];
	return Array.isArray(value) ? value.join(', ') : value;
}

/** The one that only https could have set counts before the plain one. */
function cookieOf(cookies: string): string | undefined {
	const pairs = cookies.split(';').map((pair) => pair.trim());
	for (const start of [`__Secure-${cookieName}=`, `${cookieName}=`]) {
		const pair = pairs.find((one) => one.startsWith(start));
		if (pair) return decoded(pair.slice(start.length));
	}
	return undefined;
}

function decoded(text: string): string | undefined {
	try {
		return decodeURIComponent(text);
	} catch {
		return undefined;
	}
}

/** better-auth's cookie is `token.signature`. */
function withoutSignature(value: string): string {
	const [token = ''] = value.split('.');
	return token;
}
