import type { Fail, FieldErrors } from './fields.ts';
import { parseIdentifier, splitOutsideQuotes } from './identifier.ts';
import { parseOffset, type Offset } from './offset.ts';
import { readParams, type Params } from './params.ts';
import { readSubset, type SubsetQuery } from './subset.ts';

/** A request for a shape's log, checked for form; whether its view exists is for the server to say. */
export interface ShapeQuery extends ShapeDefinition {
	readonly offset: Offset;
	/** As it was sent; absent with `-1` and `now`. */
	readonly handle: string | undefined;
	readonly live: boolean;
	readonly sse: boolean;
	readonly cursor: string | undefined;
	/** A handle that the client knows to be dead: it must not be given again. */
	readonly expiredHandle: string | undefined;
	/** Asked for in place of the log. */
	readonly subset: SubsetQuery | undefined;
}

export interface ShapeDefinition {
	/** `org/project` */
	readonly project: string;
	readonly module: string;
	readonly view: string;
	/** Short hash of the release that the reader is pinned to; absent: the current one. */
	readonly release: string | undefined;
	readonly where: string | undefined;
	/** By name: `1` for `$1`, others for `param('name')`. */
	readonly params: Params;
	readonly columns: readonly string[] | undefined;
	readonly replica: 'default' | 'full';
	readonly log: 'full' | 'changes_only';
}

export type ParsedQuery =
	{ readonly ok: true; readonly query: ShapeQuery } | { readonly ok: false; readonly errors: FieldErrors };

const projectPattern = /^[^/\s]+\/[^/\s]+$/;
const releasePattern = /^[0-9a-f]{12,64}$/;
/** Of handles of any server: one that is not this server's is a must-refetch, not a mistake. */
const handlePattern = /^[\w.:-]{1,200}$/;
const cursorPattern = /^\d{1,20}$/;

/**
 * Reads a request. Parameters that are not the protocol's are ignored, as caches and proxies add some. With
 * the body of a POST it asks for a subset.
 */
export function parseShapeQuery(search: URLSearchParams, body?: string): ParsedQuery {
	const errors: FieldErrors = {};
	const fail = (field: string, message: string) => void (errors[field] ??= []).push(message);
	const definition = readDefinition(search, fail);
	const tail = readTail(search, fail);
	const subset = readSubset(search, body, fail);
	if (subset && tail?.sse) fail('live_sse', 'has no meaning for a subset');
	if (Object.keys(errors).length > 0 || !definition || !tail) return { ok: false, errors };
	return { ok: true, query: { ...definition, ...tail, subset } };
}

/** What a request to delete a shape names: its definition, or `handle` alone. */
export type ParsedDeletion =
	| {
			readonly ok: true;
			readonly definition: ShapeDefinition | undefined;
			readonly handle: string | undefined;
	  }
	| { readonly ok: false; readonly errors: FieldErrors };

export function parseDeletion(search: URLSearchParams): ParsedDeletion {
	const errors: FieldErrors = {};
	const fail = (field: string, message: string) => void (errors[field] ??= []).push(message);
	const handle = formed(search, 'handle', handlePattern, fail);
	const definition = search.get('table') ? readDefinition(search, fail) : undefined;
	if (!definition && !search.get('handle')) fail('handle', "can't be blank when shape definition is missing");
	return Object.keys(errors).length > 0 ? { ok: false, errors } : { ok: true, definition, handle };
}

function readDefinition(search: URLSearchParams, fail: Fail): ShapeDefinition | undefined {
	const project = required(search, 'project', fail);
	const table = required(search, 'table', fail);
	if (project && !projectPattern.test(project))
		fail('project', 'must be organization/project, as in home/main');
	const names = table ? readTable(table) : undefined;
	if (table && !names) fail('table', 'must be module.view, as in tickets.open_tickets');
	const release = search.get('release') ?? undefined;
	if (release !== undefined && !releasePattern.test(release))
		fail('release', 'must be the hash of a release');
	const rest = {
		release,
		where: search.get('where') || undefined,
		params: readParams(search, fail),
		columns: readColumns(search.get('columns'), fail),
		replica: oneOf(search, 'replica', ['default', 'full'], fail),
		log: oneOf(search, 'log', ['full', 'changes_only'], fail)
	};
	if (!project || !names) return undefined;
	return { project, module: names[0], view: names[1], ...rest };
}

function readTable(text: string): [module: string, view: string] | undefined {
	const [module, view, ...more] = splitOutsideQuotes(text, '.').map(parseIdentifier);
	return module === undefined || view === undefined || more.length > 0 ? undefined : [module, view];
}

function readTail(search: URLSearchParams, fail: Fail) {
	const text = required(search, 'offset', fail);
	const offset = text === undefined ? undefined : parseOffset(text);
	if (text !== undefined && !offset) fail('offset', 'has invalid format');
	const live = flag(search, 'live', fail);
	const sse = flag(search, 'live_sse', fail) || flag(search, 'experimental_live_sse', fail);
	if (sse && !live) fail('live_sse', "can't be true unless live is also true");
	const cursor = formed(search, 'cursor', cursorPattern, fail);
	if (!offset) return undefined;
	const begins = offset.kind === 'before-all' || offset.kind === 'now';
	const handle = begins ? undefined : formed(search, 'handle', handlePattern, fail);
	if (!begins && !search.get('handle')) fail('handle', "can't be blank when offset != -1");
	if (offset.kind === 'before-all' && live) fail('live', "can't be true when offset == -1");
	if (offset.kind === 'now' && live) fail('live', "can't be true when offset is 'now'");
	const expiredHandle = formed(search, 'expired_handle', handlePattern, fail);
	return { offset, handle, live, sse, cursor, expiredHandle };
}

/** A parameter that may be missing or blank. */
function formed(search: URLSearchParams, name: string, pattern: RegExp, fail: Fail): string | undefined {
	const value = search.get(name);
	if (!value) return undefined;
	if (pattern.test(value)) return value;
	fail(name, 'has invalid format');
	return undefined;
}

function required(search: URLSearchParams, name: string, fail: Fail): string | undefined {
	const value = search.get(name);
	if (value) return value;
	fail(name, "can't be blank");
	return undefined;
}

function flag(search: URLSearchParams, name: string, fail: Fail): boolean {
	const value = search.get(name);
	if (value === null || value === 'false' || value === '0') return false;
	if (value === 'true' || value === '1' || value === '') return true;
	fail(name, 'is invalid');
	return false;
}

function oneOf<const T extends string>(
	search: URLSearchParams,
	name: string,
	values: readonly T[],
	fail: Fail
): T {
	const value = search.get(name) || values[0]!;
	const found = values.find((candidate) => candidate === value);
	if (found === undefined) fail(name, 'is invalid');
	return found ?? values[0]!;
}

/** `"a","b""c",d` */
function readColumns(text: string | null, fail: Fail): readonly string[] | undefined {
	if (text === null) return undefined;
	return splitOutsideQuotes(text, ',').flatMap((part) => {
		const name = parseIdentifier(part);
		if (name === undefined) fail('columns', `Invalid identifier: ${part || 'it is empty'}`);
		return name === undefined ? [] : [name];
	});
}
