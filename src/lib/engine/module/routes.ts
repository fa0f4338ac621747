import type { Diagnostic } from '#kernel';
import type { PageSpec } from './types.ts';

/** `pages/tickets/[id].page.json` -> `['tickets', '[id]']`; an `index` at the end stands for its folder. */
export function routeOf(file: string): string[] {
	const segments = file
		.replace(/^pages\//, '')
		.replace(/\.page\.json$/, '')
		.split('/');
	return segments.at(-1) === 'index' ? segments.slice(0, -1) : segments;
}

export interface RouteMatch {
	readonly page: PageSpec;
	/** By the names in brackets, decoded. */
	readonly params: Readonly<Record<string, string>>;
}

/** The page of a path, given as decoded segments. A fixed segment wins over one in brackets, from the left. */
export function matchRoute(pages: readonly PageSpec[], segments: readonly string[]): RouteMatch | undefined {
	let best: RouteMatch | undefined;
	for (const page of pages) {
		const params = matchSegments(page.route, segments);
		if (params && (!best || isMoreSpecific(page.route, best.page.route))) best = { page, params };
	}
	return best;
}

function matchSegments(
	route: readonly string[],
	segments: readonly string[]
): Record<string, string> | undefined {
	if (route.length !== segments.length) return undefined;
	const params: Record<string, string> = {};
	for (const [i, part] of route.entries()) {
		const name = parameterOf(part);
		if (name !== undefined) params[name] = segments[i]!;
		else if (part !== segments[i]) return undefined;
	}
	return params;
}

/** `[id]` -> `id`; undefined for a fixed segment. */
export function parameterOf(segment: string): string | undefined {
	return /^\[(.+)\]$/.exec(segment)?.[1];
}

export function parametersOf(page: PageSpec): string[] {
	return page.route.flatMap((segment) => parameterOf(segment) ?? []);
}

function isMoreSpecific(a: readonly string[], b: readonly string[]): boolean {
	for (const [i, part] of a.entries()) {
		const [fixedA, fixedB] = [parameterOf(part) === undefined, parameterOf(b[i]!) === undefined];
		if (fixedA !== fixedB) return fixedA;
	}
	return false;
}

/** Two files of one route: `a/index` beside `a`, or `[id]` beside `[key]`. */
export function checkRoutes(pages: readonly PageSpec[]): Diagnostic[] {
	const seen = new Map<string, string>();
	return pages.flatMap((page) => {
		const shape = page.route
			.map((segment) => (parameterOf(segment) === undefined ? segment : '[]'))
			.join('/');
		const other = seen.get(shape);
		seen.set(shape, page.file);
		return other === undefined ? repeatedParameter(page) : [sameRoute(page.file, other)];
	});
}

function sameRoute(file: string, other: string): Diagnostic {
	return {
		severity: 'error',
		file,
		line: 1,
		column: 1,
		reason: 'ROUTE_TWICE',
		message: `${other} has the same address.`,
		hint: 'Keep one of the two files.'
	};
}

function repeatedParameter(page: PageSpec): Diagnostic[] {
	const names = parametersOf(page);
	const twice = names.find((name, i) => names.indexOf(name) !== i);
	if (twice === undefined) return [];
	return [
		{
			severity: 'error',
			file: page.file,
			line: 1,
			column: 1,
			reason: 'ROUTE_PARAMETER_TWICE',
			message: `The address has [${twice}] twice.`,
			hint: 'Give each its own name.'
		}
	];
}
