import type { Fail } from './fields.ts';
import { parseExactJson } from './json.ts';

/** Values by name, as texts. */
export type Params = Readonly<Record<string, string>>;

/** `params[1]=x`, or `params={"1":"x"}`. */
export function readParams(search: URLSearchParams, fail: Fail): Params {
	const params: Record<string, string> = {};
	const whole = search.get('params');
	if (whole) Object.assign(params, parseParams(whole, 'params', fail));
	for (const [name, value] of search) {
		if (!name.startsWith('params[')) continue;
		const match = /^params\[([A-Za-z0-9_]+)\]$/.exec(name);
		if (match) params[match[1]!] = value;
		else fail('params', 'a param is named by a number or a word, as in params[1]');
	}
	return params;
}

/** `{"1":"x"}` */
export function parseParams(text: string, field: string, fail: Fail): Params {
	try {
		return paramsOf(parseExactJson(text), field, fail);
	} catch {
		fail(field, 'params must be valid JSON');
		return {};
	}
}

/** Plain values by name; a list is an array of Postgres. */
export function paramsOf(value: unknown, field: string, fail: Fail): Params {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) {
		fail(field, 'params must be a JSON object');
		return {};
	}
	const params: Record<string, string> = {};
	for (const [name, given] of Object.entries(value as Record<string, unknown>)) {
		const text = textOf(given);
		if (text !== undefined) params[name] = text;
		else if (given !== null)
			fail(field, `The value of ${name} must be a text, a number, true, false or a list.`);
	}
	return params;
}

function textOf(value: unknown): string | undefined {
	if (Array.isArray(value)) return listText(value);
	return typeof value === 'string' || typeof value === 'boolean' ? String(value) : undefined;
}

function listText(items: readonly unknown[]): string | undefined {
	const texts = items.map((item) => (item === null ? 'NULL' : quotedItem(textOf(item))));
	return texts.includes(undefined) ? undefined : `{${texts.join(',')}}`;
}

function quotedItem(text: string | undefined): string | undefined {
	return text === undefined ? undefined : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
