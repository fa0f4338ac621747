import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a page of another origin made the request. Browsers say so in `Sec-Fetch-Site`, older ones in
 * `Origin`; what says neither is no browser.
 */
export function isForeign(headers: IncomingHttpHeaders, publicOrigin: string): boolean {
	const site = headers['sec-fetch-site'];
	if (site !== undefined) return site !== 'same-origin' && site !== 'none';
	const { origin, host } = headers;
	if (origin === undefined) return false;
	return origin !== publicOrigin && (!URL.canParse(origin) || new URL(origin).host !== host);
}
