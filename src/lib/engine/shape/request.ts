import { parseOffset, type Offset } from './offset.ts';

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
	readonly params: Readonly<Record<string, string>>;
	readonly columns: readonly string[] | undefined;
	readonly replica: 'default' | 'full';
	readonly log: 'full' | 'changes_only';
}

/** Per parameter what is wrong with it, as the protocol's 400 lists it. */
export type FieldErrors = Record<string, string[]>;

export type ParsedQuery =
	{ readonly ok: true; readonly query: ShapeQuery } | { readonly ok: false; readonly errors: FieldErrors };

const projectPattern = /^[^/\s]+\/[^/\s]+$/;
const tablePattern = /^"?([a-z_][a-z0-9_]*)"?\."?([a-z_][a-z0-9_]*)"?$/;
const releasePattern = /^[0-9a-f]{12,64}$/;

/** Parameters that are not the protocol's are ignored, as caches and proxies add some. */
export function parseShapeQuery(search: URLSearchParams): ParsedQuery {
	const errors: FieldErrors = {};
	const fail = (field: string, message: string) => void (errors[field] ??= []).push(message);
	const definition = readDefinition(search, fail);
	const tail = readTail(search, fail);
	if (Object.keys(errors).length > 0 || !definition || !tail) return { ok: false, errors };
	return { ok: true, query: { ...definition, ...tail } };
}

type Fail = (field: string, message: string) => void;

function readDefinition(search: URLSearchParams, fail: Fail): ShapeDefinition | undefined {
	const project = required(search, 'project', fail);
	const table = required(search, 'table', fail);
	if (project && !projectPattern.test(project))
		fail('project', 'must be organization/project, as in home/main');
	const names = table ? tablePattern.exec(table) : null;
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
	for (const name of search.keys()) {
		if (name.startsWith('subset__')) fail(name, 'subset snapshots are not supported yet');
	}
	if (!project || !names) return undefined;
	return { project, module: names[1]!, view: names[2]!, ...rest };
}

function readTail(search: URLSearchParams, fail: Fail) {
	const text = required(search, 'offset', fail);
	const offset = text === undefined ? undefined : parseOffset(text);
	if (text !== undefined && !offset) fail('offset', 'has invalid format');
	const live = flag(search, 'live', fail);
	const sse = flag(search, 'live_sse', fail) || flag(search, 'experimental_live_sse', fail);
	if (sse && !live) fail('live_sse', "can't be true unless live is also true");
	if (!offset) return undefined;
	const begins = offset.kind === 'before-all' || offset.kind === 'now';
	const handle = begins ? undefined : search.get('handle') || undefined;
	if (!begins && handle === undefined) fail('handle', "can't be blank when offset != -1");
	if (offset.kind === 'before-all' && live) fail('live', "can't be true when offset == -1");
	if (offset.kind === 'now' && live) fail('live', "can't be true when offset is 'now'");
	const expiredHandle = search.get('expired_handle') || undefined;
	return { offset, handle, live, sse, cursor: search.get('cursor') || undefined, expiredHandle };
}

function required(search: URLSearchParams, name: string, fail: Fail): string | undefined {
	const value = search.get(name);
	if (value) return value;
	fail(name, "can't be blank");
	return undefined;
}

function flag(search: URLSearchParams, name: string, fail: Fail): boolean {
	const value = search.get(name);
	if (value === null || value === 'false' || value === '0' || value === '') return false;
	if (value === 'true' || value === '1') return true;
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

/** `params[1]=x`, or `params={"1":"x"}`. */
function readParams(search: URLSearchParams, fail: Fail): Readonly<Record<string, string>> {
	const params: Record<string, string> = {};
	const whole = search.get('params');
	if (whole) Object.assign(params, readJsonParams(whole, fail));
	for (const [name, value] of search) {
		const match = /^params\[([A-Za-z0-9_]+)\]$/.exec(name);
		if (match) params[match[1]!] = value;
	}
	return params;
}

function readJsonParams(text: string, fail: Fail): Record<string, string> {
	let parsed: unknown;
	try {
		parsed = JSON.parse(text);
	} catch {
		fail('params', 'params must be valid JSON');
		return {};
	}
	if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
		fail('params', 'params must be a JSON object');
		return {};
	}
	return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, String(value)]));
}

/** `"a","b""c",d`: quoted names as they are, bare ones folded to lower case. */
function readColumns(text: string | null, fail: Fail): readonly string[] | undefined {
	if (text === null) return undefined;
	const names: string[] = [];
	for (const part of text.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)) {
		const quoted = /^"((?:[^"]|"")+)"$/.exec(part.trim());
		const bare = /^[A-Za-z_][A-Za-z0-9_$]*$/.exec(part.trim());
		if (quoted) names.push(quoted[1]!.replaceAll('""', '"'));
		else if (bare) names.push(bare[0].toLowerCase());
		else fail('columns', `Invalid identifier: ${part.trim() || 'it is empty'}`);
	}
	return names;
}
