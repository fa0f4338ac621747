import { matchRoute, type PageSpec, type RouteMatch } from '#engine/module';

/** Where a link of a previewed page leads. */
export type Link =
	| { readonly kind: 'page'; readonly match: RouteMatch; readonly query: Readonly<Record<string, string>> }
	/** Not a page of this module. */
	| { readonly kind: 'elsewhere'; readonly href: string };

/** `base` is the module's address, `/home/main/tickets/`: relative links begin there. */
export function followLink(url: string, base: string, pages: readonly PageSpec[]): Link {
	const origin = 'http://loam.invalid';
	if (!URL.canParse(url, origin + base)) return { kind: 'elsewhere', href: url };
	const target = new URL(url, origin + base);
	if (target.origin !== origin || !`${target.pathname}/`.startsWith(base))
		return { kind: 'elsewhere', href: url };
	const segments = target.pathname.slice(base.length).split('/').filter(Boolean).map(decodeURIComponent);
	const match = matchRoute(pages, segments);
	const query = Object.fromEntries(target.searchParams);
	return match ? { kind: 'page', match, query } : { kind: 'elsewhere', href: target.pathname };
}
