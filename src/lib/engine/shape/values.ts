import type { ColumnInfo, ShapeSchema } from './columns.ts';

/** A row as Postgres prints it, and the same row as pages see it. */
export type TextRow = Readonly<Record<string, string | null>>;
export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };
export type ValueRow = Readonly<Record<string, Value>>;

type ParseValue = (text: string) => Value;

/**
 * How a value of each type reaches a page: numbers as numbers where a double holds them exactly (else
 * the text), timestamps as ISO 8601 in UTC, JSON parsed, everything else as its text.
 */
export const parsers: Readonly<Record<string, ParseValue>> = {
	int2: Number,
	int4: Number,
	int8: exactNumber,
	numeric: exactNumber,
	float4: floatNumber,
	float8: floatNumber,
	bool: (text) => text === 't' || text === 'true',
	json: (text) => JSON.parse(text) as Value,
	jsonb: (text) => JSON.parse(text) as Value,
	timestamptz: isoTimestamp,
	timestamp: isoTimestamp
};

export function parseRow(row: TextRow, schema: ShapeSchema): ValueRow {
	const parsed: Record<string, Value> = {};
	for (const name in row) parsed[name] = parseValue(row[name]!, schema[name]);
	return parsed;
}

export function parseValue(text: string | null, column: ColumnInfo | undefined): Value {
	if (text === null || column === undefined) return text;
	const parse = parsers[column.type] ?? identity;
	return column.dims ? parseArray(text, parse) : parse(text);
}

/** An array literal as Postgres prints it: `{1,NULL,"a \"b\""}`, nested to any depth. */
export function parseArray(text: string, parse: ParseValue): readonly Value[] {
	// A lower bound other than 1 is printed in front: `[0:1]={a,b}`.
	let at = text.startsWith('[') ? text.indexOf('=') + 1 : 0;
	const list = (): Value[] => {
		const items: Value[] = [];
		at++;
		while (text[at] !== '}') {
			items.push(item());
			if (text[at] === ',') at++;
		}
		at++;
		return items;
	};
	const item = (): Value => {
		if (text[at] === '{') return list();
		return text[at] === '"' ? parse(quoted()) : bare();
	};
	const quoted = (): string => {
		let value = '';
		for (at++; text[at] !== '"'; at++) {
			if (text[at] === '\\') at++;
			value += text[at];
		}
		at++;
		return value;
	};
	const bare = (): Value => {
		const start = at;
		while (text[at] !== ',' && text[at] !== '}') at++;
		const value = text.slice(start, at);
		return value === 'NULL' ? null : parse(value);
	};
	return list();
}

function identity(text: string): Value {
	return text;
}

/** Up to 15 significant digits survive a double; more stay text. */
function exactNumber(text: string): Value {
	const digits = text.replace(/[-+.]/g, '').replace(/^0+/, '');
	return /^\d*$/.test(digits) && digits.length <= 15 ? Number(text) : text;
}

function floatNumber(text: string): Value {
	const number = Number(text);
	return Number.isFinite(number) ? number : text;
}

/** `2026-11-20 18:59:25.123+00` becomes `2026-11-20T18:59:25.123Z`; infinity and years BC stay text. */
function isoTimestamp(text: string): Value {
	const match = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(\+00)?$/.exec(text);
	if (!match) return text;
	return `${match[1]}T${match[2]}${match[3] ? 'Z' : ''}`;
}
