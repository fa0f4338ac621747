import { redirect, type Cookies, type RequestEvent } from '@sveltejs/kit';

/** Values of Set-Cookie as the identity room makes them, put among Kit's cookies. */
export function setCookies(cookies: Cookies, values: readonly string[]): void {
	for (const value of values) {
		const [pair = '', ...attributes] = value.split(/; */);
		const at = pair.indexOf('=');
		const told = new Map(attributes.map((text) => [text.split('=')[0]!.toLowerCase(), text.split('=')[1]]));
		cookies.set(pair.slice(0, at), pair.slice(at + 1), {
			path: '/',
			httpOnly: true,
			sameSite: 'lax',
			secure: told.has('secure'),
			maxAge: Number(told.get('max-age') ?? 0),
			// It is encoded already.
			encode: (text) => text
		});
	}
}

/** The browser keeps the cookie of a session that was extended as long as the session lives. */
export function renewCookie(cookies: Cookies, expiresAt: Date): void {
	const seconds = Math.floor((expiresAt.getTime() - Date.now()) / 1000);
	for (const name of ['loam.session_token', '__Secure-loam.session_token']) {
		const value = cookies.get(name, { decode: (text) => text });
		const secure = name.startsWith('__Secure-') ? '; Secure' : '';
		if (value !== undefined) setCookies(cookies, [`${name}=${value}; Max-Age=${seconds}${secure}`]);
	}
}

/** Where a sign-in leads: a path of this site, never another's. */
export function localPath(text: string | null | undefined): string {
	return text && /^\/(?![/\\])[^\s\\]*$/.test(text) ? text : '/';
}

/** The person who looks at the screen; anybody else is sent to sign in, and comes back. */
export function signedIn(event: Pick<RequestEvent, 'locals' | 'url'>) {
	if (event.locals.principal) return event.locals.principal;
	redirect(303, `/sign-in?to=${encodeURIComponent(event.url.pathname + event.url.search)}`);
}

/** Where the request comes from, for the session and the limit of sign-ins. */
export function originOf({ getClientAddress, request, locals }: RequestEvent) {
	const { headers } = request;
	const address = locals.loam.config.trustedProxies.visitor(
		getClientAddress(),
		headers.get('x-forwarded-for')
	);
	return { address, userAgent: headers.get('user-agent') ?? '' };
}
