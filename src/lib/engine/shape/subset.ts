import type { Fail } from './fields.ts';
import { parseExactJson } from './json.ts';
import { parseOrderBy, type OrderTerm } from './order.ts';
import { paramsOf, parseParams, type Params } from './params.ts';

/** Some rows of a shape, asked for once: what a reader of changes alone begins with. */
export interface SubsetQuery {
	readonly where: string | undefined;
	readonly params: Params;
	/** From 1. */
	readonly limit: number | undefined;
	readonly offset: number | undefined;
	/** Without terms: that of the keys. */
	readonly order: readonly OrderTerm[] | undefined;
}

/** What of it stands in a URL, after `subset__`, or in the body of a POST. */
type Given = Readonly<Record<string, unknown>>;

const names = ['where', 'params', 'limit', 'offset', 'order_by', 'where_expr', 'order_by_expr'];

/**
 * The subset that a request asks for: by `subset__where=…` and its like, or by the body of a POST. Undefined
 * where it asks for the log.
 */
export function readSubset(
	search: URLSearchParams,
	body: string | undefined,
	fail: Fail
): SubsetQuery | undefined {
	const given: Record<string, unknown> = {};
	for (const name of names) {
		const value = search.get(`subset__${name}`);
		if (value !== null) given[name] = value;
	}
	if (body !== undefined) Object.assign(given, readBody(body, fail));
	return body === undefined && Object.keys(given).length === 0 ? undefined : subsetOf(given, fail);
}

function readBody(body: string, fail: Fail): Given {
	let parsed: unknown;
	try {
		parsed = body.trim() === '' ? {} : parseExactJson(body);
	} catch {
		fail('body', 'must be valid JSON');
		return {};
	}
	if (isRecord(parsed)) return isRecord(parsed['subset']) ? parsed['subset'] : parsed;
	fail('body', 'must be a JSON object');
	return {};
}

function subsetOf(given: Given, fail: Fail): SubsetQuery {
	const where = readText(given, 'where', fail);
	const orderBy = readText(given, 'order_by', fail);
	const order = orderBy === undefined ? undefined : parseOrderBy(orderBy);
	if (orderBy !== undefined && !order)
		fail('subset__order_by', 'must be columns, as in "title" DESC NULLS LAST, "id"');
	const limit = readCount(given, 'limit', 1, fail);
	const offset = readCount(given, 'offset', 0, fail);
	if ((limit !== undefined || offset !== undefined) && orderBy === undefined) {
		fail('subset__order_by', 'order_by is required when limit or offset is present');
	}
	return { where, params: readGivenParams(given['params'], fail), limit, offset, order };
}

function readText(given: Given, name: string, fail: Fail): string | undefined {
	const value = given[name];
	if (value === undefined || value === null || value === '') return undefined;
	if (typeof value === 'string') return value;
	fail(`subset__${name}`, 'is invalid');
	return undefined;
}

/** Numbers come as text, of the body too. */
function readCount(given: Given, name: string, least: number, fail: Fail): number | undefined {
	const value = given[name];
	if (value === undefined || value === null || value === '') return undefined;
	const count = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : -1;
	if (count >= least) return count;
	fail(`subset__${name}`, `must be a whole number from ${least}`);
	return undefined;
}

function readGivenParams(value: unknown, fail: Fail): Params {
	if (value === undefined || value === null) return {};
	return typeof value === 'string'
		? parseParams(value, 'subset__params', fail)
		: paramsOf(value, 'subset__params', fail);
}

function isRecord(value: unknown): value is Given {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
