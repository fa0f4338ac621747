import { notYet } from '../refusal.ts';
import type { GroupColumn } from './group-columns.ts';

/** A value of each type that stands in for NULL, so that groups with NULL can be looked up by an index. */
const standIns: Readonly<Record<string, string>> = {
	text: `''::text`,
	'character varying': `''::varchar`,
	bpchar: `''::bpchar`,
	smallint: '0::smallint',
	integer: '0::integer',
	bigint: '0::bigint',
	numeric: '0::numeric',
	real: '0::real',
	'double precision': '0::double precision',
	boolean: 'false',
	uuid: `'00000000-0000-0000-0000-000000000000'::uuid`,
	date: `'2000-01-01'::date`,
	'time without time zone': `'00:00'::time`,
	'timestamp without time zone': `'2000-01-01 00:00:00'::timestamp`,
	'timestamp with time zone': `'2000-01-01 00:00:00+00'::timestamptz`,
	interval: `'0'::interval`,
	bytea: `''::bytea`,
	jsonb: `'null'::jsonb`
};

/**
 * Terms that are equal for the same group, NULL being equal to NULL; never NULL, and good for an index.
 * `row` is an alias, '' for a table's own columns, or prints a column.
 */
export function groupTerms(
	columns: readonly GroupColumn[],
	row: string | ((name: string) => string)
): string[] {
	const print = typeof row === 'string' ? (name: string) => (row === '' ? name : `${row}.${name}`) : row;
	return columns.flatMap(({ name, type, nullable }) => {
		const column = print(name);
		if (!nullable) return [column];
		return [`(COALESCE(${column}, ${standIn(type)}))`, `(${column} IS NULL)`];
	});
}

/** Throws a Refusal for types that have none. */
export function standIn(type: string): string {
	const known = standIns[type] ?? (type.endsWith('[]') ? `'\\x7b}'::${type}` : undefined);
	if (known === undefined) notYet(undefined, `groups by ${type}`, 'Cast it to text in GROUP BY and SELECT.');
	return known.startsWith(`'\\`) ? `E${known}` : known;
}

/** An index takes 32 columns and some 2,700 bytes: past so many terms a group is found by their hash. */
const widest = 8;

/** What an index by these terms is made of. */
export function indexTerms(terms: readonly string[]): readonly string[] {
	return terms.length > widest ? [hashOf(terms)] : terms;
}

/** Whether terms of two rows are equal, in a way that such an index serves. */
export function sameTerms(one: readonly string[], other: readonly string[]): string {
	const equal = one.map((term, index) => `${term} = ${other[index]}`);
	return (
		[...(one.length > widest ? [`${hashOf(one)} = ${hashOf(other)}`] : []), ...equal].join(' AND ') || 'true'
	);
}

function hashOf(terms: readonly string[]): string {
	return `hash_record_extended(ROW(${terms.join(', ')}), 0)`;
}
